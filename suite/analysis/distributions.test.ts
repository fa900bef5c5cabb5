import { describe, expect, it } from "vitest";
import {
  fairCoinTail,
  fUpperTail,
  normalCdf,
  normalQuantile,
  studentTQuantile,
  studentTTwoSided,
} from "./distributions.ts";
import { expectClose } from "./fixtures/expect-close.ts";

// Expected values: scipy.stats 1.17.1 (norm, t, F, binom).
describe("distributions", () => {
  it("normal", () => {
    expectClose(normalCdf(1.96), 0.9750021048517795);
    expectClose(normalCdf(-4.5), 3.3976731247300535e-6);
    expectClose(normalCdf(0.0685944), 0.5273437617391056);
    expectClose(normalQuantile(0.975), 1.959963984540054);
    expectClose(normalQuantile(1e-9), -5.9978070150076865);
    expect(normalQuantile(0)).toBe(Number.NEGATIVE_INFINITY);
    expect(normalQuantile(1)).toBe(Number.POSITIVE_INFINITY);
  });

  it("F", () => {
    expectClose(fUpperTail(3.5, 2, 16), 0.05484501670600299);
    expectClose(fUpperTail(11.2, 2, 16), 0.0009084689037553825);
    expectClose(fUpperTail(0.4, 5, 3), 0.82607234206349);
    expectClose(fUpperTail(250, 2, 4), 6.298815822625346e-5);
    expect(fUpperTail(Number.POSITIVE_INFINITY, 2, 4)).toBe(0);
  });

  it("Student's t", () => {
    expectClose(studentTQuantile(0.975, 1), 12.706204736174694);
    expectClose(studentTQuantile(0.975, 2), 4.302652729749462);
    expectClose(studentTQuantile(0.975, 5), 2.570581835636314);
    expectClose(studentTQuantile(0.975, 60), 2.0002978220142604);
    expectClose(studentTQuantile(0.3, 7), -0.5491096579472854);
    expectClose(studentTTwoSided(2.83596, 5), 0.03641880204419687);
    expectClose(studentTTwoSided(40, 3), 3.4380680789158506e-5);
  });

  it("a fair coin", () => {
    expectClose(fairCoinTail(6, 5), 7 / 64);
    expectClose(fairCoinTail(6, 0), 1);
    expectClose(fairCoinTail(40, 30), 0.0011107168866146822);
  });
});
