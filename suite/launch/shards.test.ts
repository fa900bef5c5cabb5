import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { estimator } from "./estimate.ts";
import { githubMatrix } from "./github.ts";
import { MAX_SHARDS, shardSeconds, shardsOf } from "./shards.ts";
import { madeCell, madeKnown, madePlan, madeTime } from "./testing/made-plan.ts";

const estimate = estimator(
  madeKnown([madeTime("sgd", 64, 2), madeTime("sgd", 1024, 9), madeTime("kfac", 64, 20)]),
);

describe("shardsOf", () => {
  const cells = fc.array(
    fc.tuple(
      fc.constantFrom("sgd", "kfac"),
      fc.constantFrom(32, 64, 256, 1024),
      fc.constantFrom(5000, 20_000, 50_000),
    ),
    { minLength: 1, maxLength: 60 },
  );

  it("holds every cell once, in parts that differ by less than the longest cell", () => {
    fc.assert(
      fc.property(cells, fc.integer({ min: 1, max: 20 }), (given, count) => {
        const plans = given.map((one) => madeCell(...one));
        const shards = shardsOf(plans, count, estimate);
        expect(shards).toHaveLength(Math.min(count, plans.length));
        expect(new Set(shards.flat())).toEqual(new Set(plans));
        expect(shards.flat()).toHaveLength(plans.length);
        const times = shards.map((shard) => shardSeconds(shard, estimate) as number);
        const longest = Math.max(...plans.map((plan) => estimate.work(plan)));
        expect(Math.max(...times) - Math.min(...times)).toBeLessThanOrEqual(longest + 1e-6);
      }),
    );
  });

  it("gives the same parts each time, without invalid cells", () => {
    const plans = madePlan(2000, ["sgd", "kfac", "mine"]);
    const shards = shardsOf(plans, 7, estimate);
    expect(shardsOf(structuredClone(plans), 7, estimate)).toEqual(shards);
    const [first, ...rest] = plans;
    const invalid = { ...(first as (typeof plans)[0]), invalid: "for a reason" };
    expect(shardsOf([invalid, ...rest], 7, estimate).flat()).toHaveLength(plans.length - 1);
    expect(shardsOf([invalid], 7, estimate)).toEqual([]);
  });

  it("spreads 100,000 trials over GitHub's 256 jobs about evenly", () => {
    const plans = madePlan(100_000, ["sgd", "kfac"]);
    const matrix = githubMatrix(shardsOf(plans, MAX_SHARDS, estimate), (shard) =>
      shardSeconds(shard, estimate),
    );
    expect(matrix.include).toHaveLength(256);
    expect(matrix.include.reduce((sum, { cells }) => sum + cells, 0)).toBe(plans.length);
    const minutes = matrix.include.map((job) => job.minutes as number);
    expect(Math.max(...minutes)).toBeLessThan(1.1 * Math.min(...minutes));
  });
});

describe("githubMatrix", () => {
  it("names each part as bench takes it, with minutes where all of it was measured", () => {
    const [known, unknown] = [madeCell("sgd", 64, 50_000), madeCell("mine", 64, 50_000)];
    const seconds = (shard: (typeof known)[]) => shardSeconds(shard, estimate);
    expect(githubMatrix([[known], [known, unknown]], seconds as never)).toEqual({
      include: [
        { shard: "1/2", cells: 1, minutes: Math.ceil((estimate.seconds(known) as number) / 60) },
        { shard: "2/2", cells: 2 },
      ],
    });
  });
});
