import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { useBackend } from "../suite/engine/index.ts";
import type { KroneckerLayer } from "../suite/nn/parameter.ts";
import { describeConformance } from "../suite/optimizer/conformance.ts";
import { benchOf, linearLayer } from "../suite/optimizer/testing/fixed-problem.ts";
import {
  asRows,
  distance,
  identity,
  type Matrix,
  matrices,
  multiply,
  rotations,
  scale,
  transpose,
} from "../suite/optimizer/testing/matrix.ts";
import { describeOracle, readOracle } from "../suite/optimizer/testing/oracle.ts";
import { smallRun } from "../suite/optimizer/testing/small-run.ts";
import * as file from "./muon.ts";

const { muon } = file;

describeConformance(file);
describeOracle("muon", file, {
  stateName: (name) =>
    name === "t" ? null : name.replace(/\.m$/, ".firstMoment").replace(/\.v$/, ".secondMoment"),
});

beforeAll(() => useBackend({ backend: "reference" }));

/** What five rounds make of a gradient `[dIn, dOut]`, times the layer's factor. */
function orthogonalised(gradient: Matrix, changes: Partial<KroneckerLayer> = {}): Matrix {
  const columns = (gradient[0] as number[]).length;
  const layer = { ...linearLayer(gradient.length, columns), ...changes };
  const bench = benchOf(muon, layer, { learningRate: 1, momentum: 0, clipNorm: 1e30 });
  bench.step({ gradients: [gradient] });
  const [step = []] = bench.values();
  bench.dispose();
  return scale(asRows(step, columns), -1);
}

interface Golden {
  readonly name: string;
  readonly matrix: Matrix;
  readonly expected: Matrix;
}

it.each(readOracle<Golden>("muon").golden)("golden values: $name", (golden) => {
  // A convolution's factor is 1.
  const result = orthogonalised(golden.matrix, { kind: "convolution" });
  // Rounding the entries to float32 alone moves a singular value of 1e-3 by 6e-5 of itself.
  const tolerance = golden.name.includes("nearly singular") ? 6e-5 : 1e-5;
  expect(distance(result, golden.expected)).toBeLessThan(tolerance);
});

it("a linear layer with more outputs than inputs moves √(dOut/dIn) times as far", () => {
  const wide = [[1, 2, 3, 4]];
  const plain = orthogonalised(wide, { kind: "convolution" });
  expect(distance(orthogonalised(wide), scale(plain, 2))).toBeLessThan(1e-6);
  const tall = transpose(wide);
  expect(orthogonalised(tall)).toEqual(orthogonalised(tall, { kind: "convolution" }));
});

it("treats hidden matrices and leaves all else to AdamW", () => {
  const treated = (model: "mlp" | "conv" | "attention") => {
    const run = smallRun(muon, model);
    const { preconditioned } = run.optimizer;
    run.dispose();
    return preconditioned;
  };
  expect(treated("mlp")).toEqual(["fc1.weight"]);
  expect(treated("conv")).toEqual(["conv2.weight"]);
  expect(treated("attention")).toEqual(["qkv.weight", "projection.weight"]);
});

describe("invariances", () => {
  const spectra = fc.array(fc.double({ min: 0.01, max: 1, noNaN: true }), {
    minLength: 4,
    maxLength: 4,
  });
  const diagonal = (values: readonly number[]): Matrix =>
    identity(values.length).map((row, i) => row.map((x) => x * (values[i] as number)));

  it("keeps singular vectors, and brings singular values into the band", () => {
    fc.assert(
      fc.property(spectra, rotations(4), rotations(4), (values, u, v) => {
        const result = orthogonalised(multiply(multiply(u, diagonal(values)), transpose(v)));
        const core = multiply(multiply(transpose(u), result), v);
        core.forEach((row, i) => {
          row.forEach((entry, j) => {
            if (i !== j) expect(Math.abs(entry)).toBeLessThan(1e-4);
            else expect(entry).toSatisfy((x: number) => x > 0.67 && x < 1.22);
          });
        });
      }),
    );
  });

  it("does not see the gradient's scale", () => {
    fc.assert(
      fc.property(matrices(3, 5), fc.constantFrom(1 / 64, 64), (noise, by) => {
        const gradient = noise.map((row, i) => row.map((x, j) => x + (i === j ? 5 : 0)));
        const gap = distance(orthogonalised(scale(gradient, by)), orthogonalised(gradient));
        expect(gap).toBeLessThan(1e-4);
      }),
    );
  });

  it("treats a matrix and its transpose alike", () => {
    fc.assert(
      fc.property(matrices(3, 5), (noise) => {
        const gradient = noise.map((row, i) => row.map((x, j) => x + (i === j ? 5 : 0)));
        const across = orthogonalised(transpose(gradient), { kind: "convolution" });
        const along = orthogonalised(gradient, { kind: "convolution" });
        expect(distance(transpose(across), along)).toBeLessThan(1e-5);
      }),
    );
  });
});
