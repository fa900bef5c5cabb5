import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, expect, it } from "vitest";
import { useBackend } from "../engine/index.ts";
import { linear } from "../nn/linear.ts";
import { loadOptimizer } from "../protocol/registry.ts";
import { defineTask, type TierProtocol } from "../protocol/task.ts";
import { madeTask } from "./testing/made-task.ts";
import { PAPER_SHAPES, runPaperShape } from "./testing/paper-shapes.ts";

beforeAll(() => useBackend({ backend: "reference" }));

/** A linear model of 4 inputs and 3 classes, its logits times `factor`. */
const taskOf = (factor: number) => {
  const paper: TierProtocol = {
    ...(madeTask.tiers.smoke as TierProtocol),
    build: (builder) => {
      const head = linear(builder, "head", { dIn: 4, dOut: 3, bias: false, place: "head" });
      return builder.build(
        (x, pass) => tf.mul(head(tf.reshape(x, [-1, 4]), pass), factor) as tf.Tensor2D,
      );
    },
  };
  return defineTask({ ...madeTask, tiers: { paper } });
};
const shape = { task: "made", shape: [2, 2, 1], classes: 3, parameters: 12 };

it("takes two steps at the smallest batch, in micro-batches where asked", async () => {
  const optimizer = await loadOptimizer("sgd");
  const whole = runPaperShape(shape, { task: taskOf(0.1), optimizer });
  expect(whole).toMatchObject({ batchSize: 8, microBatch: 8, parameters: 12, asExpected: true });
  expect(whole.seconds).toHaveLength(2);
  expect(Math.abs(whole.firstLoss - Math.log(3))).toBeLessThan(0.1);
  const split = runPaperShape(shape, { task: taskOf(0.1), optimizer, microBatch: 2 });
  expect(split).toMatchObject({ batchSize: 4, microBatch: 2, asExpected: true });
});

it("notices a loss that is not that of guessing, and a wrong number of parameters", async () => {
  const optimizer = await loadOptimizer("sgd");
  const sure = runPaperShape(shape, { task: taskOf(30), optimizer });
  expect(sure.asExpected).toBe(false);
  const wrong = runPaperShape({ ...shape, parameters: 13 }, { task: taskOf(0.1), optimizer });
  expect(wrong.asExpected).toBe(false);
});

it("knows each task of the paper", () => {
  expect(PAPER_SHAPES.map(({ task }) => task)).toEqual([
    "mnist-mlp",
    "cifar-resnet18",
    "cifar-vit-tiny",
    "bookcorpus-mingpt",
    "openwebtext-gpt2",
  ]);
});
