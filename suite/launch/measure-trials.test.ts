import { beforeAll, expect, it } from "vitest";
import { useBackend } from "../engine/index.ts";
import { loadOptimizer } from "../protocol/registry.ts";
import { tierOf } from "../protocol/tasks.ts";
import { measureTrials } from "./measure-trials.ts";
import { madeTask } from "./testing/made-task.ts";

beforeAll(() => useBackend({ threads: 1, spinning: false }));

it("measures every valid cell, and leaves long trials once it knows enough", async () => {
  const { load } = tierOf(madeTask, "mini");
  const entries = await measureTrials({
    task: madeTask,
    tier: "mini",
    data: await load({}),
    optimizers: [await loadOptimizer("sgd"), await loadOptimizer("adamw")],
    batchSizes: [8, 96],
  });
  expect(entries.map(({ optimizer, batchSize }) => `${optimizer} ${batchSize}`)).toEqual([
    "sgd 8",
    "adamw 8",
  ]);
  for (const { stepSeconds, fastestStepSeconds, evaluationSeconds, finalSeconds } of entries) {
    expect(fastestStepSeconds).toBeGreaterThan(0);
    expect(stepSeconds).toBeGreaterThanOrEqual(fastestStepSeconds);
    expect(evaluationSeconds).toBeGreaterThan(0);
    expect(finalSeconds).toBeGreaterThan(0);
  }
});

it("times a method with the intervals that its cell has", async () => {
  const protocol = { ...tierOf(madeTask, "mini"), renewalsPerEpoch: 1 };
  const seen: number[] = [];
  const kfac = await loadOptimizer("kfac");
  const watched = {
    ...kfac,
    create: (context: Parameters<typeof kfac.create>[0]) => {
      seen.push(Number(context.hyperparameters.inverseInterval));
      return kfac.create(context);
    },
  };
  await measureTrials({
    task: { ...madeTask, tiers: { mini: protocol } },
    tier: "mini",
    data: await protocol.load({}),
    optimizers: [watched],
    batchSizes: [8],
  });
  const stepsPerEpoch = Math.floor((protocol.datasetSizes.at(-1) as number) / 8);
  expect(new Set(seen)).toEqual(new Set([stepsPerEpoch]));
  expect(stepsPerEpoch).toBeGreaterThan(1);
});
