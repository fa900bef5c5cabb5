import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { useBackend } from "../suite/engine/index.ts";
import { evaluateBatch } from "../suite/nn/evaluate.ts";
import { linear } from "../suite/nn/linear.ts";
import { disposeModel, ModelBuilder } from "../suite/nn/model.ts";
import type { Parameter } from "../suite/nn/parameter.ts";
import { describeConformance } from "../suite/optimizer/conformance.ts";
import { SMALLEST_SYSTEM } from "../suite/optimizer/factor-inverse.ts";
import { firstDirection, type LayerBatch } from "../suite/optimizer/testing/fixed-problem.ts";
import { factoredSolution as expected, ridges } from "../suite/optimizer/testing/kronecker.ts";
import {
  asRows,
  choleskyOf,
  distance,
  dot,
  gramOf,
  type Matrix,
  matrices,
  multiply,
  rotations,
  rowsWithCovariance,
  scale,
  shifted,
  solve,
  transpose,
} from "../suite/optimizer/testing/matrix.ts";
import {
  describeOracle,
  readOracle,
  withoutBatchFactors,
} from "../suite/optimizer/testing/oracle.ts";
import { seededSource } from "../suite/optimizer/testing/random.ts";
import * as file from "./kfac.ts";

const { kfac, kfacLocal } = file;

describeConformance(file);
describeOracle("kfac", file, { stateName: withoutBatchFactors });

beforeAll(() => useBackend({ backend: "reference" }));

const direction = (batch: LayerBatch, damping: number, settings = {}): Matrix =>
  firstDirection(kfacLocal, batch, { damping, ...settings }).weight;

interface Golden {
  readonly name: string;
  readonly A: Matrix | number[];
  readonly B: Matrix;
  readonly gradient: Matrix;
  readonly damping: number;
  readonly expected: Matrix;
}

/** A batch whose factors are A and B: of one-hot rows, where A is a diagonal of quarters. */
function batchOf(a: Matrix | number[], b: Matrix, gradient: Matrix): LayerBatch {
  const ids = a.flatMap((share, id) =>
    typeof share === "number" ? new Array<number>(share * 4).fill(id) : [],
  );
  const inputs = ids.length > 0 ? ids : rowsWithCovariance(a as Matrix);
  const zero = b.flat().every((x) => x === 0);
  return {
    inputs,
    kind: ids.length > 0 ? "embedding" : "linear",
    gradient,
    sampledOutputGradients: zero ? b : scale(transpose(choleskyOf(b)), Math.sqrt(inputs.length)),
  };
}

it.each(readOracle<Golden>("kfac").golden)("golden values: $name", (golden) => {
  const { A, B, gradient, damping } = golden;
  const got = direction(batchOf(A, B, gradient), damping);
  expect(distance(got, golden.expected)).toBeLessThan(1e-5);
});

describe("closed forms", () => {
  const batches = fc.record({
    inputs: matrices(8, 4),
    sampledOutputGradients: matrices(8, 3),
    outputGradients: matrices(8, 3),
  });
  const a: Matrix = [
    [2, 0.5],
    [0.5, 1],
  ];
  const gradient: Matrix = [
    [1, 0.5],
    [-1, 2],
  ];

  it("is G/λ where λ dominates", () => {
    const far = direction(batchOf(a, a, gradient), 1e6);
    expect(distance(scale(far, 1e6), gradient)).toBeLessThan(3e-3);
  });

  it("is FOOF with damping λ_A over 1 + λ_B where B is the identity", () => {
    const [ridgeA, ridgeB] = ridges(
      a,
      gramOf([
        [1, 0],
        [0, 1],
      ]),
      1e-3,
    );
    const got = direction(
      batchOf(
        a,
        [
          [1, 0],
          [0, 1],
        ],
        gradient,
      ),
      1e-3,
    );
    const foof = scale(solve(shifted(a, ridgeA), gradient), 1 / (1 + ridgeB));
    expect(distance(got, foof)).toBeLessThan(1e-5);
  });

  it("rotated inputs and outputs rotate the direction", () => {
    fc.assert(
      fc.property(batches, rotations(4), rotations(3), (batch, q, r) => {
        const turned = {
          inputs: multiply(batch.inputs, q),
          sampledOutputGradients: multiply(batch.sampledOutputGradients, r),
          outputGradients: multiply(batch.outputGradients, r),
        };
        const back = multiply(multiply(q, direction(turned, 0.1)), transpose(r));
        expect(distance(back, direction(batch, 0.1))).toBeLessThan(1e-3);
      }),
    );
  });

  it("a convolution with one position is the linear layer", () => {
    fc.assert(
      fc.property(batches, (batch) => {
        const convolution = direction({ ...batch, kind: "convolution" }, 1e-2);
        expect(convolution).toEqual(direction(batch, 1e-2));
      }),
    );
  });
});

describe("fewer rows than inputs", () => {
  it.each([1, 1e-3, 1e-6, 1e-9])("is exact at λ = %s", (damping) => {
    const rows = fc.record({ noise: matrices(4, 10), outputGradients: matrices(4, 3) });
    fc.assert(
      fc.property(rows, ({ noise, outputGradients }) => {
        const inputs = noise.map((row, i) => row.map((x, j) => x / 4 + (i === j ? 1 : 0)));
        const sampledOutputGradients: Matrix = [
          [1, 0, 0],
          [0, 1, 0],
          [0, 0, 1],
          [1, 1, 1],
        ];
        const got = direction({ inputs, outputGradients, sampledOutputGradients }, damping);
        const g = scale(multiply(transpose(inputs), outputGradients), 1 / 4);
        const want = expected(
          gramOf(inputs, 1 / 4),
          gramOf(sampledOutputGradients, 1 / 4),
          g,
          damping,
        );
        expect(distance(got, want)).toBeLessThan(1e-4);
      }),
    );
  });
});

describe("large factors, which every step solves with", () => {
  const order = SMALLEST_SYSTEM + 4;
  const noise = (rows: number, columns: number): Matrix =>
    asRows([...seededSource(rows + columns).normal(rows * columns)], columns);

  it.each([
    { rows: 20, dIn: order, dOut: order },
    { rows: 300, dIn: order, dOut: order },
    { rows: 20, dIn: order, dOut: 30 },
    { rows: 20, dIn: 30, dOut: order },
  ])("$rows rows, $dIn × $dOut, is the closed form", ({ rows, dIn, dOut }) => {
    const inputs = noise(rows, dIn);
    const outputGradients = noise(rows, dOut);
    const sampledOutputGradients = outputGradients.toReversed().map((row) => row.toReversed());
    const means = transpose(outputGradients).map((column) =>
      dot(
        column,
        column.map(() => 1 / rows),
      ),
    );
    const { weight, bias } = firstDirection(
      kfac,
      { inputs, outputGradients, sampledOutputGradients, biasGradient: means },
      { damping: 0.1 },
    );
    const [a, b] = [gramOf(inputs, 1 / rows), gramOf(sampledOutputGradients, 1 / rows)];
    const gradient = scale(multiply(transpose(inputs), outputGradients), 1 / rows);
    expect(distance(weight, expected(a, b, gradient, 0.1))).toBeLessThan(1e-4);
    const [, ridgeB] = ridges(a, b, 0.1);
    const close = solve(shifted(b, ridgeB), transpose([means]));
    expect(distance([bias], transpose(close))).toBeLessThan(1e-4);
  });
});

describe("biases", () => {
  const inputs: Matrix = [
    [1, 2],
    [0, 1],
    [2, -1],
    [1, 1],
  ];
  const e: Matrix = [
    [1, 0],
    [0.5, 1],
    [-1, 0.5],
    [0, -1],
  ];
  const gradient: Matrix = [
    [1, -1],
    [0.5, 2],
  ];
  const batch = { inputs, sampledOutputGradients: e, gradient, biasGradient: [0.5, -2] };

  it("are preconditioned by B alone", () => {
    const { bias } = firstDirection(kfac, batch, { damping: 1e-2 });
    const b = gramOf(e, 1 / 4);
    const [, ridgeB] = ridges(gramOf(inputs, 1 / 4), b, 1e-2);
    const want = transpose(solve(shifted(b, ridgeB), [[0.5], [-2]]));
    expect(distance([bias], want)).toBeLessThan(1e-5);
  });

  it("are the last row of the gradient where homogeneous", () => {
    const { weight, bias } = firstDirection(kfac, batch, { damping: 1e-2, bias: "homogeneous" });
    const a = gramOf(
      inputs.map((row) => [...row, 1]),
      1 / 4,
    );
    const want = expected(a, gramOf(e, 1 / 4), [...gradient, [0.5, -2]], 1e-2);
    expect(distance([...weight, bias], want)).toBeLessThan(1e-5);
  });
});

it("on a softmax layer B is diag(p) − ppᵀ, and A ⊗ B the exact Fisher block, for labels in proportion", () => {
  const builder = new ModelBuilder({
    uniform: (count) => new Float32Array(count),
    normal: (count) => new Float32Array(count),
  });
  const head = linear(builder, "head", { dIn: 2, dOut: 3, bias: false, place: "head" });
  const model = builder.build((x, pass) => head(x, pass) as tf.Tensor2D);
  const { variable } = model.parameters[0] as Parameter;
  // One example, eight times: p = (½, ¼, ¼), and the labels drawn are 0, 0, 0, 0, 1, 1, 2, 2.
  tf.tidy(() =>
    variable.assign(
      tf.tensor2d([
        [Math.LN2, 0, 0],
        [0, 0, 0],
      ]),
    ),
  );
  const inputs = tf.tensor2d(new Array<number[]>(8).fill([1, -2]));
  const labels = tf.tensor1d(new Array<number>(8).fill(0), "int32");
  const drawUniforms = () => Float32Array.from({ length: 8 }, (_, i) => (i + 0.5) / 8);
  const optimizer = kfac.create({
    hyperparameters: kfac.hyperparameters.parse({ emaRate: 1 }),
    parameters: model.parameters,
    layers: model.layers,
    random: () => builder.random,
  });
  const batch = { inputs, labels, examples: 8 };
  const forward = { training: true };
  const evaluate = (request = {}) =>
    evaluateBatch(model, batch, request, { labelSmoothing: 0.1, forward, drawUniforms });
  const info = { step: 0, rateFactor: 1, progress: 0 };
  optimizer.step({ examples: 8, terms: 8, evaluate }, info).dispose();
  const state = optimizer.state.tensors();
  const p = [0.5, 0.25, 0.25];
  const fisher = p.map((x, i) => p.map((y, j) => (i === j ? x : 0) - x * y));
  expect(distance(asRows([...(state.get("head.B")?.dataSync() ?? [])], 3), fisher)).toBeLessThan(
    1e-6,
  );
  expect([...(state.get("head.A")?.dataSync() ?? [])]).toEqual([1, -2, -2, 4]);
  optimizer.state.dispose();
  disposeModel(model);
  tf.dispose([inputs, labels]);
});
