import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { useBackend } from "../engine/index.ts";
import { defineOptimizer, type OptimizerDeclaration } from "./declaration.ts";
import { readEvents } from "./events.ts";
import { pipelineHyperparameters } from "./hyperparameters.ts";
import { preconditioned } from "./pipeline.ts";
import { benchOf, parameter } from "./testing/fixed-problem.ts";

beforeAll(() => useBackend({ backend: "reference" }));

/** P(g) = 2g on the first parameter, which counts two retries and one kept inverse per step. */
const doubled: OptimizerDeclaration = defineOptimizer({
  id: "doubled",
  name: "Doubled",
  family: "second-order",
  version: 1,
  order: 1,
  summary: "For tests.",
  rule: ["P(G) = 2G"],
  citation: { authors: "A", title: "T", year: 2024, url: "https://example.org" },
  needs: {},
  hyperparameters: z.strictObject(pipelineHyperparameters()),
  search: {},
  schedule: "task",
  cost: () => ({ state: 0 }),
  create: preconditioned(({ parameters }, _, events) => ({
    treated: parameters.slice(0, 1),
    request: () => ({}),
    refresh: () => {
      // 7: six larger dampings tried, then the previous inverse kept.
      for (const retries of [0, 2, 7]) events.countRetries(tf.scalar(retries, "int32"));
    },
    apply: (gradientOf) =>
      new Map(parameters.slice(0, 1).map((one) => [one, tf.mul(gradientOf(one), 2)])),
  })),
}) as OptimizerDeclaration;

describe("the pipeline", () => {
  it("preconditions, clips by the norm over all parameters, decays, and moves with momentum", () => {
    const settings = { learningRate: 0.1, momentum: 0.5, weightDecay: 0.2, clipNorm: 5 };
    const bench = benchOf(doubled, [parameter("a", [1]), parameter("b", [1])], settings);
    bench.step({ gradients: [[3], [8]] });
    // (2·3, 8) has norm 10: halved to (3, 4); plus .2·θ.
    const [a, b] = [1 - 0.1 * 3.2, 1 - 0.1 * 4.2];
    expect(bench.values()[0]?.[0]).toBeCloseTo(a, 5);
    expect(bench.values()[1]?.[0]).toBeCloseTo(b, 5);
    bench.step({ gradients: [[0], [1]] });
    expect(bench.values()[0]?.[0]).toBeCloseTo(a - 0.1 * (0.5 * 3.2 + 0.2 * a), 5);
    expect(bench.values()[1]?.[0]).toBeCloseTo(b - 0.1 * (0.5 * 4.2 + 1 + 0.2 * b), 5);
    expect(bench.optimizer.preconditioned).toEqual(["a"]);
    bench.dispose();
  });

  it("counts clipped steps, retries and kept inverses, and keeps the counts with its state", () => {
    const start = () => benchOf(doubled, [parameter("a", [1])], { clipNorm: 5 });
    const [bench, other] = [start(), start()];
    for (const gradient of [3, 2, 4]) bench.step({ gradients: [[gradient]] });
    const counts = { clippedSteps: 2, inverseRetries: 24, keptInverses: 3, skippedUpdates: 0 };
    expect(readEvents(bench.optimizer.state)).toEqual(counts);
    other.optimizer.state.restore(bench.optimizer.state.save());
    expect(readEvents(other.optimizer.state)).toEqual(counts);
    bench.dispose();
    other.dispose();
  });
});
