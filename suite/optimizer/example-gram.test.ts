import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { useBackend } from "../engine/index.ts";
import { exampleGradients, exampleGram, projections, weightedSum } from "./example-gram.ts";
import { type Columns, drawColumns, seenColumns, seenRows } from "./sketch.ts";
import { asRows, distance, dot, type Matrix, matrices } from "./testing/matrix.ts";
import { readOracle } from "./testing/oracle.ts";
import { seededSource } from "./testing/random.ts";

beforeAll(() => useBackend({ backend: "reference" }));

const values = (x: tf.Tensor): Matrix => asRows([...x.dataSync()], x.shape[1] ?? 1);

/** `Σ_s h_is e_isᵀ`, flat, of every example. */
function gradients(h: Matrix, e: Matrix, n: number): Matrix {
  const positions = h.length / n;
  return Array.from({ length: n }, (_, i) => {
    const rows = Array.from({ length: positions }, (_, s) => i * positions + s);
    return (h[0] ?? []).flatMap((_, a) =>
      (e[0] ?? []).map((_, b) =>
        rows.reduce((sum, row) => sum + (h[row]?.[a] as number) * (e[row]?.[b] as number), 0),
      ),
    );
  });
}

describe("per-example gradients", () => {
  // The last shape is cheaper through the gradients themselves.
  it.each([
    [5, 1, 3, 2],
    [3, 2, 6, 5],
    [3, 8, 2, 2],
  ])("n = %i, %i positions, %i by %i", (n, positions, a, b) => {
    fc.assert(
      fc.property(
        matrices(n * positions, a),
        matrices(n * positions, b),
        matrices(1, n),
        (h, e, w) => {
          const u = gradients(h, e, n);
          const weights = w[0] as number[];
          tf.tidy(() => {
            const rows = { inputs: tf.tensor2d(h), outputs: tf.tensor2d(e), examples: n };
            expect(distance(values(exampleGradients(rows)), u)).toBeLessThan(1e-5);
            const gram = u.map((x) => u.map((y) => dot(x, y)));
            expect(distance(values(exampleGram(rows)), gram)).toBeLessThan(1e-5);
            expect(distance(values(exampleGram(rows, n * a)), gram)).toBeLessThan(1e-5);
            const sum = (u[0] ?? []).map((_, k) =>
              dot(
                weights,
                u.map((x) => x[k] as number),
              ),
            );
            const got = weightedSum(rows, tf.tensor1d(weights));
            expect(distance(values(got), asRows(sum, b))).toBeLessThan(1e-4);
            const along = projections(rows, got);
            expect(
              distance(
                values(along),
                u.map((x) => [dot(x, sum)]),
              ),
            ).toBeLessThan(1e-4);
          });
        },
      ),
      { numRuns: 20 },
    );
  });
});

describe("a sketch", () => {
  it("gives the oracle's K and v from the same columns", () => {
    interface Sketched {
      readonly name: string;
      readonly inputs: number[][][];
      readonly outputGradients: number[][][];
      readonly gradient: Matrix;
      readonly damping: number;
      readonly terms: number;
      readonly inIndices: number[];
      readonly outIndices: number[];
      readonly gram: Matrix;
      readonly v: number[];
    }
    const one = readOracle<Sketched>("seng").golden.find(({ name }) => name === "sketched");
    if (!one) throw new Error("The oracle has no sketched golden.");
    tf.tidy(() => {
      const columns = (indices: number[], visible: number): Columns => ({
        visible,
        indices: tf.tensor1d(indices, "int32"),
      });
      const [left, right] = [columns(one.inIndices, 6), columns(one.outIndices, 5)];
      const rows = {
        inputs: seenColumns(tf.tensor2d(one.inputs.flat()), left),
        outputs: seenColumns(tf.tensor2d(one.outputGradients.flat()), right),
        examples: 4,
      };
      const k = tf.div(exampleGram(rows), one.terms);
      expect(distance(values(k), one.gram)).toBeLessThan(1e-5);
      const scaled = tf.div(tf.tensor2d(one.gradient), one.damping) as tf.Tensor2D;
      const v = projections(rows, seenRows(seenColumns(scaled, right), left));
      expect(
        distance(
          values(v),
          one.v.map((x) => [x]),
        ),
      ).toBeLessThan(1e-5);
    });
  });

  it("draws distinct columns in order, each as likely as the others", () => {
    const random = seededSource(4);
    const counts = new Array<number>(6).fill(0);
    for (let draw = 0; draw < 600; draw++) {
      const { indices } = drawColumns(random, 6, 3);
      const drawn = [...(indices?.dataSync() ?? [])];
      indices?.dispose();
      expect(drawn).toEqual([...new Set(drawn)].sort((a, b) => a - b));
      for (const column of drawn) counts[column] = (counts[column] as number) + 1;
    }
    for (const count of counts) expect(Math.abs(count - 300)).toBeLessThan(60);
    expect(drawColumns(random, 6, 6)).toEqual({ visible: 6 });
    expect(drawColumns(random, 6, 0)).toEqual({ visible: 6 });
  });
});
