/** @file Functions of tensors that tell how often they were called. */
import * as tf from "@tensorflow/tfjs-core";
import { expect } from "vitest";
import { flush } from "../index.ts";
import { Repetition } from "../repetition.ts";

/** A function of tensors under a repetition, and how often it was called. */
export function counting(compute: (sources: tf.Tensor[]) => tf.Tensor[]) {
  const repetition = new Repetition<number>();
  const counted = {
    calls: 0,
    of: (sources: tf.Tensor[]) => {
      const { tensors, description } = repetition.call(sources, () => {
        counted.calls++;
        const results = compute(sources);
        return { tensors: results, description: results[0]?.size ?? 0 };
      });
      expect(description).toBe(tensors[0]?.size);
      return tensors;
    },
  };
  return counted;
}

/** What one step reads of a function's results; `values` are its sources', new in every step. */
export function step(
  f: { of(sources: tf.Tensor[]): tf.Tensor[] },
  ...values: number[][]
): number[][] {
  return tf.tidy(() => {
    const results = f.of(values.map((list) => tf.tensor1d(list)));
    flush();
    return results.map((result) => [...result.dataSync()]);
  }) as unknown as number[][];
}
