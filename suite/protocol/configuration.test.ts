import { describe, expect, it } from "vitest";
import { kfac } from "../../optimizers/kfac.ts";
import { mnistMlp } from "../../tasks/mnist-mlp/index.ts";
import type { OptimizerDeclaration } from "../optimizer/declaration.ts";
import { completeConfiguration, searchedConfigurations, searchSpaceOf } from "./configuration.ts";
import { UsageError } from "./error.ts";
import { tierOf } from "./tasks.ts";

const optimizer = kfac as unknown as OptimizerDeclaration;
const mini = tierOf(mnistMlp, "mini");

describe("completeConfiguration", () => {
  it("takes defaults, then what the task fixes, then what is given", () => {
    const fixed = { weightDecay: 5e-4, clipNorm: 1, unknownToThisMethod: 3 };
    const complete = completeConfiguration(optimizer, { ...mini, fixed }, { clipNorm: 2 });
    expect(complete).toMatchObject({ momentum: 0.9, weightDecay: 5e-4, clipNorm: 2 });
    expect(complete).not.toHaveProperty("unknownToThisMethod");
  });

  it.each([
    [{ dampening: 1 }, /dampening/],
    [{ damping: -1 }, /damping/],
    [{ statistics: "sometimes" }, /statistics/],
  ])("names what is wrong in %j", (given, message) => {
    expect(() => completeConfiguration(optimizer, mini, given)).toThrow(UsageError);
    expect(() => completeConfiguration(optimizer, mini, given)).toThrow(message);
  });
});

describe("searchedConfigurations", () => {
  it("lets a task replace a dimension by name", () => {
    const search = { damping: { kind: "choice", values: [7] } } as const;
    expect(searchSpaceOf(optimizer, { ...mini, search }).damping).toEqual(search.damping);
  });

  it("begins a longer search with the shorter one", () => {
    const short = searchedConfigurations(optimizer, mini, 4);
    expect(searchedConfigurations(optimizer, mini, 8).slice(0, 4)).toEqual(short);
    expect(new Set(short.map((one) => JSON.stringify(one))).size).toBe(4);
  });
});
