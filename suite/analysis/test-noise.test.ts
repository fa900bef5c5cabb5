import { describe, it } from "vitest";
import { expectClose } from "./fixtures/expect-close.ts";
import { accuracyError, pairedAccuracyError } from "./test-noise.ts";

describe("test-set noise, in points", () => {
  it("at 99% on 5,000 and 10,000 examples", () => {
    expectClose(100 * accuracyError(0.99, 5000), 0.1407, 4);
    expectClose(100 * accuracyError(0.99, 10_000), 0.0995, 4);
  });

  it("paired on the same examples", () => {
    const error = pairedAccuracyError({ onlyFirst: 60, onlySecond: 40, examples: 10_000 });
    expectClose(100 * error, 0.09998, 5);
  });
});
