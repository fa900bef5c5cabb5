import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, expect, it } from "vitest";
import { gatherRows } from "../data/gather.ts";
import { useBackend } from "../engine/index.ts";
import { batchNorm } from "../nn/batch-norm.ts";
import { type Model, ModelBuilder } from "../nn/model.ts";
import type { Optimizer } from "../optimizer/declaration.ts";
import { swapWeights } from "../optimizer/evaluation-weights.ts";
import { OptimizerState } from "../optimizer/state.ts";
import type { TaskData } from "./data.ts";
import { atEvaluationWeights } from "./evaluation-weights.ts";

beforeAll(() => useBackend({ backend: "reference" }));

/** Scales its inputs by a weight, then normalises them. */
function scaledNorm(): Model {
  const ones = (count: number) => new Float32Array(count).fill(1);
  const builder = new ModelBuilder({ uniform: ones, normal: ones });
  const weight = builder.parameter("weight", "weight", [1], ones(1));
  const norm = batchNorm(builder, "norm", 1);
  return builder.build((inputs, pass) =>
    tf.reshape(norm(tf.mul(inputs, weight.variable), pass), [-1, 1]),
  );
}

const inputs = Float32Array.of(1, 3, 5, 7, 100);
const data = {
  evaluationSet: () => ({
    shape: [1, 1, 1],
    count: 5,
    labels: new Int32Array(5),
    gather: (positions: Int32Array) => gatherRows(inputs, 1, positions),
  }),
} as unknown as TaskData;

const method = (changes: Partial<Optimizer>): Optimizer => ({
  step: () => tf.scalar(0),
  state: new OptimizerState(),
  preconditioned: [],
  ...changes,
});

const valuesOf = (model: Model) =>
  [...model.parameters, ...model.buffers].map(({ variable }) => variable.dataSync()[0]);

it("recomputes moments at the other weights, and puts everything back", async () => {
  const model = scaledNorm();
  const useEvaluationWeights = () =>
    swapWeights(model.parameters, ({ variable }) => tf.mul(variable, 10));
  const before = valuesOf(model);
  const held = tf.memory().numTensors;
  const what = { model, optimizer: method({ useEvaluationWeights }), data, datasetSize: 5 };
  const [weight, , , mean, variance] = await atEvaluationWeights(
    { ...what, batchSize: 2 },
    async () => valuesOf(model),
  );
  // Batches (1, 3) and (5, 7), ten times as large; the partial one is dropped.
  expect([weight, mean]).toEqual([10, 40]);
  expect(variance).toBeCloseTo(200, 3);
  expect(valuesOf(model)).toEqual(before);
  expect(tf.memory().numTensors).toBe(held);
});

it("leaves methods alone that are evaluated where they train", async () => {
  const model = scaledNorm();
  const before = valuesOf(model);
  const what = { model, optimizer: method({}), data, datasetSize: 5, batchSize: 2 };
  expect(await atEvaluationWeights(what, async () => valuesOf(model))).toEqual(before);
});

it("puts everything back when the evaluation fails", async () => {
  const model = scaledNorm();
  const before = valuesOf(model);
  const useEvaluationWeights = () =>
    swapWeights(model.parameters, ({ variable }) => tf.mul(variable, 10));
  const optimizer = method({ useEvaluationWeights });
  const failing = () => Promise.reject(new Error("no memory"));
  const what = { model, optimizer, data, datasetSize: 5, batchSize: 2 };
  await expect(atEvaluationWeights(what, failing)).rejects.toThrow("no memory");
  expect(valuesOf(model)).toEqual(before);
});
