import { describe, expect, it } from "vitest";
import { UsageError } from "../protocol/error.ts";
import { configuration, naturalNumber, positiveIntegers } from "./options.ts";
import { textTable } from "./table.ts";

describe("options", () => {
  it("reads lists of sizes", () => {
    expect(positiveIntegers("--batch-size")("64, 1024")).toEqual([64, 1024]);
    expect(naturalNumber("--seed")("0")).toBe(0);
  });

  it.each(["0", "1.5", "", "64,,128", "1e99", "many"])("refuses the size %j by name", (text) => {
    expect(() => positiveIntegers("--batch-size")(text)).toThrow(UsageError);
    expect(() => positiveIntegers("--batch-size")(text)).toThrow("--batch-size");
  });

  it("reads numbers, words and truth values of hyperparameters", () => {
    expect(configuration("damping=1e-3,statistics=batch,nesterov=true")).toEqual({
      damping: 0.001,
      statistics: "batch",
      nesterov: true,
    });
    expect(() => configuration("damping")).toThrow(/--set was given "damping"/);
  });
});

describe("textTable", () => {
  it("aligns names to the left and numbers to the right", () => {
    expect(
      textTable(
        ["", "64"],
        [
          ["sgd", "9"],
          ["kfac", "10.5"],
        ],
      ).split("\n"),
    ).toEqual(["        64", "──────────", "sgd      9", "kfac  10.5"]);
  });
});
