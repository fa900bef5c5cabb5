import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { useBackend } from "../suite/engine/index.ts";
import { describeConformance } from "../suite/optimizer/conformance.ts";
import {
  benchOf,
  firstDirection,
  type LayerBatch,
  linearLayer,
} from "../suite/optimizer/testing/fixed-problem.ts";
import {
  asRows,
  combine,
  distance,
  dot,
  gramOf,
  type Matrix,
  matrices,
  multiply,
  rotations,
  scale,
  transpose,
} from "../suite/optimizer/testing/matrix.ts";
import {
  describeOracle,
  readOracle,
  withoutBatchFactors,
} from "../suite/optimizer/testing/oracle.ts";
import * as file from "./ekfac.ts";

const { ekfac } = file;

describeConformance(file, {
  fallbacks: { ReducedEigen: "divide and conquer branches on values: no graph does" },
});
describeOracle("ekfac", file, {
  stateName: (name, trajectory) =>
    trajectory.hyperparameters.statistics === "batch" && name.endsWith(".S.updates")
      ? null
      : withoutBatchFactors(name, trajectory),
});

beforeAll(() => useBackend({ backend: "reference" }));

const LAST_BATCH = { statistics: "batch", inverseInterval: 1 };

const direction = (batch: LayerBatch, damping: number): Matrix =>
  firstDirection(ekfac, batch, { ...LAST_BATCH, damping }).weight;

interface Golden {
  readonly name: string;
  readonly inputs: Matrix;
  readonly outputGradients: Matrix;
  readonly gradient: Matrix;
  readonly damping: number;
  readonly expected: Matrix;
}

it.each(readOracle<Golden>("ekfac").golden)("golden values: $name", (golden) => {
  const { inputs, outputGradients: sampledOutputGradients, gradient, damping, expected } = golden;
  const result = direction({ inputs, sampledOutputGradients, gradient }, damping);
  expect(distance(result, expected)).toBeLessThan(1e-5);
});

/** Rows of distinct variances in every direction, so that eigenvectors are determined. */
const spread = (rows: Matrix): Matrix =>
  rows.map((row, i) => row.map((x, j) => (x / 8 + (i % row.length === j ? 1 : 0)) * (j + 1)));

const batches = fc.record({
  inputs: matrices(8, 3).map(spread),
  sampledOutputGradients: matrices(8, 2).map(spread),
  gradient: matrices(3, 2),
});

/** `U_A`, `U_B` and s after one step on this batch. */
function blockOf({ inputs, sampledOutputGradients = [], gradient = [] }: LayerBatch) {
  const bench = benchOf(ekfac, linearLayer(3, 2), { ...LAST_BATCH, damping: 1 });
  bench.step({ inputs, sampledOutputGradients, gradients: [gradient], examples: 8 });
  const read = (name: string, columns: number) =>
    asRows([...(bench.optimizer.state.tensors().get(name)?.dataSync() ?? [])], columns);
  const block = { left: read("fc.UA", 3), right: read("fc.UB", 2), scales: read("fc.S", 2) };
  bench.dispose();
  return block;
}

/** Columns u ⊗ v of two bases, and the flattened per-term gradients: row-major, input first. */
const kronecker = (a: Matrix, b: Matrix): Matrix =>
  a.flatMap((row) => b.map((other) => row.flatMap((x) => other.map((y) => x * y))));

const fisher = ({ inputs, sampledOutputGradients = [] }: LayerBatch): Matrix =>
  gramOf(
    (inputs as Matrix).map((row, i) =>
      row.flatMap((x) => (sampledOutputGradients[i] as number[]).map((y) => x * y)),
    ),
    1 / 8,
  );

const size = (a: Matrix) => Math.sqrt(dot(a.flat(), a.flat()));

describe("closed forms", () => {
  it("s is the diagonal of the exact Fisher block in the basis", () => {
    fc.assert(
      fc.property(batches, (batch) => {
        const { left, right, scales } = blockOf(batch);
        const basis = kronecker(left, right);
        const rotated = multiply(multiply(transpose(basis), fisher(batch)), basis);
        const diagonal = [rotated.map((row, i) => row[i] as number)];
        expect(distance([scales.flat()], diagonal)).toBeLessThan(1e-5);
      }),
    );
  });

  it("is no farther from the exact block than K-FAC's product", () => {
    fc.assert(
      fc.property(batches, (batch) => {
        const { left, right, scales } = blockOf(batch);
        const exact = fisher(batch);
        const basis = kronecker(left, right);
        const flat = scales.flat();
        const scaled = basis.map((row) => row.map((x, j) => x * (flat[j] as number)));
        const ours = multiply(scaled, transpose(basis));
        const { inputs, sampledOutputGradients = [] } = batch;
        const theirs = kronecker(gramOf(inputs, 1 / 8), gramOf(sampledOutputGradients, 1 / 8));
        const gap = (approximation: Matrix) => size(combine(approximation, exact, (x, y) => x - y));
        expect(gap(ours)).toBeLessThanOrEqual(gap(theirs) + 1e-4 * size(exact));
      }),
    );
  });

  it("is G/λ where λ dominates", () => {
    fc.assert(
      fc.property(batches, (batch) => {
        const far = scale(direction(batch, 1e6), 1e6);
        expect(distance(far, batch.gradient)).toBeLessThan(1e-3);
      }),
    );
  });
});

it("rotated inputs rotate the direction", () => {
  fc.assert(
    fc.property(batches, rotations(3), (batch, q) => {
      const inputs = multiply(batch.inputs, q);
      const gradient = multiply(transpose(q), batch.gradient);
      const back = multiply(q, direction({ ...batch, inputs, gradient }, 0.1));
      expect(distance(back, direction(batch, 0.1))).toBeLessThan(1e-3);
    }),
    // Two eigenvalues that nearly agree would leave the basis open.
    { seed: 1 },
  );
});

it("an embedding is a linear layer with one-hot inputs", () => {
  const ids = [0, 2, 2, 1, 0, 2];
  const oneHot = ids.map((id) => [0, 1, 2].map((entry) => (entry === id ? 1 : 0)));
  const sampledOutputGradients = ids.map((_, i) => [Math.sin(i + 1), Math.cos(2 * i)]);
  const batch = { sampledOutputGradients, gradient: sampledOutputGradients.slice(0, 3) };
  const embedded = direction({ ...batch, inputs: ids, kind: "embedding" }, 0.1);
  expect(distance(embedded, direction({ ...batch, inputs: oneHot }, 0.1))).toBeLessThan(1e-5);
});
