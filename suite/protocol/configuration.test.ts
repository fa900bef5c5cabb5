import { describe, expect, it } from "vitest";
import { kfac } from "../../optimizers/kfac.ts";
import { soap } from "../../optimizers/soap.ts";
import { mnistMlp } from "../../tasks/mnist-mlp/index.ts";
import type { OptimizerDeclaration } from "../optimizer/declaration.ts";
import { completeConfiguration, searchedConfigurations, searchSpaceOf } from "./configuration.ts";
import { UsageError } from "./error.ts";
import { tierOf } from "./tasks.ts";

const optimizer = kfac as unknown as OptimizerDeclaration;
const mini = tierOf(mnistMlp, "mini");
const sizes = { batchSize: 64, datasetSize: 50_000 };

describe("completeConfiguration", () => {
  it("takes defaults, then what the task fixes, then what is given", () => {
    const fixed = { weightDecay: 5e-4, clipNorm: 1, unknownToThisMethod: 3 };
    const complete = completeConfiguration(optimizer, { ...mini, fixed }, sizes, { clipNorm: 2 });
    expect(complete).toMatchObject({ momentum: 0.9, weightDecay: 5e-4, clipNorm: 2 });
    expect(complete).not.toHaveProperty("unknownToThisMethod");
  });

  it("renews curvature and inverses by epochs where the tier says so", () => {
    const protocol = { ...mini, renewalsPerEpoch: 100 };
    const intervals = (batchSize: number, given = {}) => {
      const cell = { ...sizes, batchSize };
      const complete = completeConfiguration(optimizer, protocol, cell, given);
      return [complete.curvatureInterval, complete.inverseInterval];
    };
    expect(intervals(32)).toEqual([16, 16]);
    expect(intervals(256)).toEqual([2, 2]);
    expect(intervals(8192)).toEqual([1, 1]);
    expect(intervals(32, { inverseInterval: 50 })).toEqual([16, 50]);
    const rare = soap as unknown as OptimizerDeclaration;
    const slow = completeConfiguration(rare, protocol, { ...sizes, batchSize: 8192 });
    expect(slow.inverseInterval).toBe(10);
  });

  it.each([
    [{ dampening: 1 }, /dampening/],
    [{ damping: -1 }, /damping/],
    [{ statistics: "sometimes" }, /statistics/],
  ])("names what is wrong in %j", (given, message) => {
    expect(() => completeConfiguration(optimizer, mini, sizes, given)).toThrow(UsageError);
    expect(() => completeConfiguration(optimizer, mini, sizes, given)).toThrow(message);
  });
});

describe("searchedConfigurations", () => {
  it("lets a task replace a dimension by name", () => {
    const search = { damping: { kind: "choice", values: [7] } } as const;
    expect(searchSpaceOf(optimizer, { ...mini, search }).damping).toEqual(search.damping);
    const searchOf = { kfac: { learningRate: { kind: "choice", values: [3] } } } as const;
    const own = { ...mini, search, searchOf };
    expect(searchSpaceOf(optimizer, own)).toEqual({ ...search, ...searchOf.kfac });
    const other = soap as unknown as OptimizerDeclaration;
    expect(searchSpaceOf(other, own)).toEqual(searchSpaceOf(other, { ...mini, search }));
  });

  it("begins a longer search with the shorter one", () => {
    const short = searchedConfigurations(optimizer, mini, sizes, 4);
    expect(searchedConfigurations(optimizer, mini, sizes, 8).slice(0, 4)).toEqual(short);
    expect(new Set(short.map((one) => JSON.stringify(one))).size).toBe(4);
  });
});
