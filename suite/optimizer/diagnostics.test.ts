import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { useBackend } from "../engine/index.ts";
import { spdInverse } from "../linalg/index.ts";
import { conditionNumber, watchUpdate } from "./diagnostics.ts";
import { parameter } from "./testing/fixed-problem.ts";

beforeAll(() => useBackend({ backend: "reference" }));

const firstOf = (x: tf.Tensor | undefined) => x?.dataSync()[0];

describe("conditionNumber", () => {
  it("is the ratio of the largest to the smallest eigenvalue, damped", () => {
    tf.tidy(() => {
      // Eigenvalues 1 and 3.
      const factor = tf.tensor2d([
        [2, 1],
        [1, 2],
      ]);
      const { inverse } = spdInverse(factor, { damping: 0.5 });
      expect(firstOf(conditionNumber(factor, 0.5, inverse))).toBeCloseTo(3.5 / 1.5, 4);
    });
  });

  it("takes diagonals as vectors", () => {
    tf.tidy(() => {
      const diagonal = tf.tensor1d([0, 4, 1]);
      const inverse = tf.reciprocal(tf.add(diagonal, 1));
      expect(firstOf(conditionNumber(diagonal, 1, inverse))).toBeCloseTo(5, 5);
    });
  });
});

describe("watchUpdate", () => {
  it("measures how far each parameter moved, relative to it, and frees what it held", () => {
    const [a, zero] = [parameter("a", [3, 4]), parameter("zero", [0, 0])];
    const before = tf.memory().numTensors;
    const watch = watchUpdate([a, zero]);
    tf.tidy(() => a.variable.assign(tf.tensor1d([3, 5])));
    tf.tidy(() => {
      const ratios = watch.ratios();
      expect(firstOf(ratios["update/parameter.a"])).toBeCloseTo(0.2, 6);
      expect(firstOf(ratios["update/parameter.zero"])).toBe(0);
    });
    watch.dispose();
    expect(tf.memory().numTensors).toBe(before);
    a.variable.dispose();
    zero.variable.dispose();
  });
});
