/** @file Small made data for tests: points around class centres. */

import { gatherRows } from "../data/gather.ts";
import { stream } from "../data/prng.ts";
import type { BatchSource, EvaluationSet, TaskData } from "./data.ts";

const CLASSES = 3;
const WIDTH = 5;

interface MadeSet extends EvaluationSet {
  readonly inputs: Float32Array;
}

/** `count` points of three classes in five dimensions; labels in turn. */
export function madeExamples(count: number, seed: number): MadeSet {
  const random = stream(seed, "made");
  const inputs = random.normal(count * WIDTH);
  const labels = Int32Array.from({ length: count }, (_, i) => i % CLASSES);
  labels.forEach((label, i) => {
    inputs[i * WIDTH + label] = (inputs[i * WIDTH + label] as number) + 2;
  });
  const gather = (positions: Int32Array) => gatherRows(inputs, WIDTH, positions);
  return { shape: [WIDTH], count, inputs, labels, gather };
}

/** Batches in a seeded order, the last partial one dropped. */
export function madeBatches(set: MadeSet, batchSize: number, seed: number): BatchSource {
  const random = stream(seed, "order");
  const stepsPerEpoch = Math.floor(set.count / batchSize);
  let order = new Int32Array(0);
  let position = stepsPerEpoch;
  return {
    shape: set.shape,
    batchSize,
    stepsPerEpoch,
    next: () => {
      if (position === stepsPerEpoch) {
        order = Int32Array.from({ length: set.count }, (_, i) => i);
        random.shuffle(order);
        position = 0;
      }
      const chosen = [...order.subarray(position * batchSize, ++position * batchSize)];
      return {
        inputs: Float32Array.from(
          chosen.flatMap((i) => [...set.inputs.subarray(i * WIDTH, (i + 1) * WIDTH)]),
        ),
        labels: Int32Array.from(chosen, (i) => set.labels[i] as number),
      };
    },
    save: () => ({ order: [...order], position, random: random.save() }),
    restore: (saved) => {
      const state = saved as { order: number[]; position: number; random: number[] };
      order = Int32Array.from(state.order);
      position = state.position;
      random.restore(state.random);
    },
  };
}

/** A task's data: 48 training points, 24 for validation, 24 for the test. */
export function madeData(): TaskData {
  const sets = {
    train: madeExamples(48, 1),
    validation: madeExamples(24, 2),
    test: madeExamples(24, 3),
  };
  return {
    name: "made",
    checksum: "0".repeat(64),
    classes: CLASSES,
    batches: ({ batchSize, seed }) => madeBatches(sets.train, batchSize, seed),
    evaluationSet: (split) => sets[split],
  };
}
