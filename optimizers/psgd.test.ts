import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { useBackend } from "../suite/engine/index.ts";
import type { RandomSource } from "../suite/nn/random.ts";
import { describeConformance } from "../suite/optimizer/conformance.ts";
import { readEvents } from "../suite/optimizer/events.ts";
import type { SavedState } from "../suite/optimizer/state.ts";
import {
  type Bench,
  benchOf,
  type Given,
  linearLayer,
  PLAIN_STEP,
} from "../suite/optimizer/testing/fixed-problem.ts";
import {
  asRows,
  combine,
  distance,
  dot,
  gramOf,
  identity,
  type Matrix,
  matrices,
  multiply,
  scale,
  solve,
  transpose,
} from "../suite/optimizer/testing/matrix.ts";
import { describeOracle, readOracle } from "../suite/optimizer/testing/oracle.ts";
import { seededSource } from "../suite/optimizer/testing/random.ts";
import * as file from "./psgd.ts";

const { psgd } = file;

describeConformance(file);
describeOracle("psgd", file);

beforeAll(() => useBackend({ backend: "reference" }));

/** Draws these entries, whatever is asked for. */
const always = (values: Matrix): RandomSource => {
  const draw = () => Float32Array.from(values.flat());
  return { uniform: draw, normal: draw };
};

const factor = ({ optimizer }: Bench, name: "Ql" | "Qr", order: number): Matrix =>
  asRows([...(optimizer.state.tensors().get(`fc.${name}`)?.dataSync() ?? [])], order);

function setFactors({ optimizer }: Bench, factors: Readonly<Record<"Ql" | "Qr", Matrix>>): void {
  const saved: SavedState = optimizer.state.save();
  const tensors = { ...saved.tensors };
  for (const [name, values] of Object.entries(factors)) {
    const shape = [values.length, values.length];
    const entry = { shape, dtype: "float32" as const, values: Float32Array.from(values.flat()) };
    tensors[`fc.${name}`] = entry;
  }
  optimizer.state.restore({ ...saved, tensors });
}

interface Golden {
  readonly name: string;
  /** All as the papers write them, `[dOut, dIn]`. */
  readonly Ql: Matrix;
  readonly Qr: Matrix;
  readonly v: Matrix;
  readonly hv: Matrix;
  readonly precondLearningRate: number;
  readonly criterion: number;
  readonly expectedQl: Matrix;
  readonly expectedQr: Matrix;
  readonly preconditionedHv: Matrix;
}

it.each(readOracle<Golden>("psgd").golden)("golden values: $name", (golden) => {
  const { Ql, Qr, precondLearningRate } = golden;
  const [probe, product] = [transpose(golden.v), transpose(golden.hv)];
  const settings = { ...PLAIN_STEP, precondLearningRate };
  const bench = benchOf(psgd, linearLayer(Qr.length, Ql.length), settings, always(probe));
  setFactors(bench, { Ql, Qr });
  const given: Given = { gradients: [product], hessianVector: [product] };
  expect(bench.diagnose(given).criterion).toBeCloseTo(golden.criterion, 3);
  bench.step(given);
  expect(distance(factor(bench, "Ql", Ql.length), golden.expectedQl)).toBeLessThan(1e-5);
  expect(distance(factor(bench, "Qr", Qr.length), golden.expectedQr)).toBeLessThan(1e-5);
  const direction = scale(asRows(bench.values()[0] as number[], Ql.length), -1);
  expect(distance(direction, transpose(golden.preconditionedHv))).toBeLessThan(1e-5);
  bench.dispose();
});

describe("on a quadratic with H = R ⊗ L", () => {
  const left: Matrix = [
    [2, 0.5],
    [0.5, 1],
  ];
  const right: Matrix = [
    [0.5, 0.2],
    [0.2, 1.5],
  ];
  const traceOf = (m: Matrix) => m.reduce((sum, row, i) => sum + (row[i] as number), 0);
  const hessianTimes = (probe: readonly tf.Tensor[]) => [
    tf.matMul(tf.matMul(tf.tensor2d(right), probe[0] as tf.Tensor2D), tf.tensor2d(left)),
  ];
  const kron = (a: Matrix, b: Matrix): Matrix =>
    a.flatMap((rowA) => b.map((rowB) => rowA.flatMap((x) => rowB.map((y) => x * y))));
  const hessian = kron(right, left);

  /** `‖PH − I‖_F/2` of P averaged over the last half of 300 updates, and c(P)/(2 tr H) at the end. */
  function afterUpdates(
    seed: number,
    settings: Record<string, unknown>,
  ): { error: number; share: number } {
    const given: Given = {
      gradients: [
        [
          [0, 0],
          [0, 0],
        ],
      ],
      hessianTimes,
    };
    const bench = benchOf(psgd, linearLayer(2, 2), settings, seededSource(seed));
    let mean = scale(hessian, 0);
    let p = mean;
    for (let update = 0; update < 300; update++) {
      bench.step(given);
      p = kron(gramOf(factor(bench, "Qr", 2)), gramOf(factor(bench, "Ql", 2)));
      if (update < 150) continue;
      mean = mean.map((row, i) => row.map((x, j) => x + (p[i]?.[j] as number) / 150));
    }
    bench.dispose();
    const gap = multiply(mean, hessian).flatMap((row, i) =>
      row.map((x, j) => x - (i === j ? 1 : 0)),
    );
    const criterion =
      traceOf(multiply(multiply(hessian, p), hessian)) + traceOf(solve(p, identity(4)));
    return { error: Math.sqrt(dot(gap, gap)) / 2, share: criterion / (2 * traceOf(hessian)) };
  }

  it.each([1, 2, 3])("finds the inverse, from seed %i", (seed) => {
    const { error, share } = afterUpdates(seed, {});
    expect(error).toBeLessThan(0.01);
    expect(share).toBeLessThan(1.001);
  });

  it("does not with ASDL's solves", () => {
    expect(afterUpdates(1, { variant: "asdl" }).error).toBeGreaterThan(0.02);
  });
});

describe("a large layer", () => {
  const [dIn, dOut, rows] = [262, 258, 8];
  const source = seededSource(1);
  const noise = (rows: number, columns: number): Matrix =>
    asRows([...source.normal(rows * columns)], columns);
  /** Upper triangular, its diagonal near 1. */
  const factorOf = (order: number): Matrix =>
    noise(order, order).map((row, i) =>
      row.map((x, j) => (j < i ? 0 : x / order + (i === j ? 1 : 0))),
    );
  const upper = (m: Matrix) => m.map((row, i) => row.map((x, j) => (j < i ? 0 : x)));
  const topOf = (m: Matrix) => m.flat().reduce((top, x) => Math.max(top, Math.abs(x)), 0);
  const diagonalTop = (m: Matrix) => Math.max(...m.map((row, i) => row[i] as number));
  const minus = (x: Matrix, y: Matrix) => combine(x, y, (a, b) => a - b);

  it("is fitted and multiplied as the formulas say, by the gradient or by its few rows", () => {
    const [ql, qr, v, hv] = [factorOf(dOut), factorOf(dIn), noise(dIn, dOut), noise(dIn, dOut)];
    const [inputs, outputGradients] = [noise(rows, dIn), noise(rows, dOut)];
    const gradient = scale(multiply(transpose(inputs), outputGradients), 1 / rows);

    const r = Math.sqrt(diagonalTop(ql) / diagonalTop(qr));
    const [left, right] = [scale(ql, 1 / r), scale(qr, r)];
    const a = multiply(multiply(right, hv), transpose(left));
    const b = transpose(solve(transpose(left), transpose(solve(transpose(right), v))));
    const fitted = (q: Matrix, difference: Matrix) => {
      const slope = upper(difference);
      return minus(q, scale(multiply(slope, q), 0.1 / topOf(slope)));
    };
    const nextLeft = fitted(left, minus(gramOf(a), gramOf(b)));
    const nextRight = fitted(right, minus(gramOf(transpose(a)), gramOf(transpose(b))));
    const direction = multiply(multiply(gramOf(nextRight), gradient), gramOf(nextLeft));

    for (const shown of [{}, { inputs, outputGradients, examples: rows }]) {
      const settings = { ...PLAIN_STEP, precondLearningRate: 0.1 };
      const bench = benchOf(psgd, linearLayer(dIn, dOut), settings, always(v));
      setFactors(bench, { Ql: ql, Qr: qr });
      bench.step({ gradients: [gradient], hessianVector: [hv], ...shown });
      expect(distance(factor(bench, "Ql", dOut), nextLeft)).toBeLessThan(1e-5);
      expect(distance(factor(bench, "Qr", dIn), nextRight)).toBeLessThan(1e-5);
      const taken = scale(asRows(bench.values()[0] as number[], dOut), -1);
      expect(distance(taken, direction)).toBeLessThan(1e-5);
      bench.dispose();
    }
  });
});

describe("the factors", () => {
  it("stay upper triangular with a positive diagonal", () => {
    const pairs = fc.array(fc.tuple(matrices(3, 2), matrices(3, 2)), {
      minLength: 5,
      maxLength: 5,
    });
    fc.assert(
      fc.property(pairs, (rounds) => {
        const probes = rounds.map(([v]) => v);
        const source = {
          uniform: () => new Float32Array(),
          normal: () => Float32Array.from((probes.shift() ?? []).flat()),
        };
        const bench = benchOf(psgd, linearLayer(3, 2), { precondLearningRate: 0.5 }, source);
        for (const [, hv] of rounds) bench.step({ gradients: [hv], hessianVector: [hv] });
        for (const q of [factor(bench, "Ql", 2), factor(bench, "Qr", 3)]) {
          q.forEach((row, i) => {
            row.forEach((x, j) => {
              if (i === j) expect(x).toBeGreaterThan(0);
              if (i > j) expect(x).toBe(0);
            });
          });
        }
        bench.dispose();
      }),
      { numRuns: 30 },
    );
  });

  it.each([
    ["all zero", 0],
    ["not finite", Number.NaN],
  ])("stay as they are where Hv is %s, which is counted", (_, entry) => {
    const bench = benchOf(psgd, linearLayer(2, 2), {}, seededSource(1));
    const hv = [
      [entry, 0],
      [0, 0],
    ];
    bench.step({
      gradients: [
        [
          [1, 0],
          [0, 1],
        ],
      ],
      hessianVector: [hv],
    });
    expect(factor(bench, "Ql", 2)).toEqual(identity(2));
    expect(factor(bench, "Qr", 2)).toEqual(identity(2));
    expect(readEvents(bench.optimizer.state).skippedUpdates).toBe(1);
    bench.dispose();
  });

  it("see the bias as the last row", () => {
    const bench = benchOf(psgd, linearLayer(1, 1, true), PLAIN_STEP, always([[0.5]]));
    setFactors(bench, {
      Ql: [[2]],
      Qr: [
        [1, 3],
        [0, 1],
      ],
    });
    bench.step({ gradients: [[[1]], [1]], hessianVector: [[[0]], [0]] });
    // QrᵀQr = [[1, 3], [3, 10]], times (1, 1), times 4.
    expect(bench.values()).toEqual([[-16], [-52]]);
    bench.dispose();
  });
});
