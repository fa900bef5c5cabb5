import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { useBackend } from "../suite/engine/index.ts";
import { describeConformance } from "../suite/optimizer/conformance.ts";
import { firstDirection, type LayerBatch } from "../suite/optimizer/testing/fixed-problem.ts";
import {
  combine,
  distance,
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
import * as file from "./foof.ts";

const { foof } = file;

describeConformance(file);
describeOracle("foof", file, { stateName: withoutBatchFactors });

beforeAll(() => useBackend({ backend: "reference" }));

/** P(G) of the first step, with A of that batch. */
const direction = (batch: LayerBatch, damping: number): Matrix =>
  firstDirection(foof, batch, { statistics: "batch", damping }).weight;

/** `(hᵀh/rows + λI)⁻¹ G` in float64. */
const expected = (inputs: Matrix, gradient: Matrix, damping: number): Matrix =>
  solve(shifted(gramOf(inputs, 1 / inputs.length), damping), gradient);

interface Golden {
  readonly name: string;
  readonly A?: Matrix;
  readonly inputs?: Matrix;
  readonly outputGradients?: Matrix;
  readonly gradient: Matrix;
  readonly damping: number;
  readonly expected: Matrix;
}

it.each(readOracle<Golden>("foof").golden)("golden values: $name", (golden) => {
  const { A, gradient, damping } = golden;
  const batch = A
    ? { inputs: rowsWithCovariance(A), gradient }
    : { inputs: golden.inputs ?? [], outputGradients: golden.outputGradients ?? [] };
  expect(distance(direction(batch, damping), golden.expected)).toBeLessThan(1e-5);
});

describe("closed forms", () => {
  it("one undamped step on a linear model is the least-squares solution", () => {
    fc.assert(
      fc.property(matrices(9, 3), matrices(9, 2), (noise, targets) => {
        const inputs = noise.map((row, i) => row.map((x, j) => x + (i % 3 === j ? 3 : 0)));
        // From W = 0 under ½|hW − t|²: e = −t, and the step is −P(G).
        const step = direction({ inputs, outputGradients: scale(targets, -1) }, 0);
        const least = solve(gramOf(inputs), multiply(transpose(inputs), targets));
        expect(distance(scale(step, -1), least)).toBeLessThan(1e-4);
      }),
    );
  });

  it("with damping it minimises the loss plus ½λ|W − W₀|²", () => {
    fc.assert(
      fc.property(matrices(9, 3), matrices(9, 2), (inputs, targets) => {
        const step = direction({ inputs, outputGradients: scale(targets, -1) }, 0.3);
        const ridge = solve(
          shifted(gramOf(inputs, 1 / 9), 0.3),
          scale(multiply(transpose(inputs), targets), 1 / 9),
        );
        expect(distance(scale(step, -1), ridge)).toBeLessThan(1e-5);
      }),
    );
  });

  it("is G/λ where λ dominates", () => {
    const gradient = [
      [1, -2],
      [3, 4],
    ];
    const far = direction(
      {
        inputs: [
          [1, 1],
          [0, 1],
        ],
        gradient,
      },
      1e6,
    );
    expect(distance(scale(far, 1e6), gradient)).toBeLessThan(1e-5);
  });
});

describe("fewer rows than inputs", () => {
  it.each([1, 1e-3, 1e-6, 1e-9])("is exact at λ = %s", (damping) => {
    fc.assert(
      fc.property(matrices(4, 10), matrices(4, 3), (noise, outputGradients) => {
        const inputs = noise.map((row, i) => row.map((x, j) => x / 4 + (i === j ? 1 : 0)));
        const gradient = scale(multiply(transpose(inputs), outputGradients), 1 / 4);
        const through = direction({ inputs, outputGradients }, damping);
        expect(distance(through, expected(inputs, gradient, damping))).toBeLessThan(2e-5);
      }),
    );
  });
});

describe("invariances", () => {
  const batches = fc.record({ inputs: matrices(8, 4), outputGradients: matrices(8, 3) });

  it("rotated inputs rotate the direction", () => {
    fc.assert(
      fc.property(batches, rotations(4), ({ inputs, outputGradients }, q) => {
        const rotated = direction({ inputs: multiply(inputs, q), outputGradients }, 0.1);
        const back = multiply(q, rotated);
        expect(distance(back, direction({ inputs, outputGradients }, 0.1))).toBeLessThan(1e-4);
      }),
    );
  });

  it("each output unit is on its own", () => {
    fc.assert(
      fc.property(batches, ({ inputs, outputGradients }) => {
        const whole = direction({ inputs, outputGradients }, 0.1);
        const alone = [0, 1, 2].map((unit) =>
          direction(
            { inputs, outputGradients: outputGradients.map((row) => [row[unit] ?? 0]) },
            0.1,
          ),
        );
        const joined = alone.reduce((left, right) =>
          left.map((row, i) => [...row, ...(right[i] ?? [])]),
        );
        expect(distance(joined, whole)).toBeLessThan(1e-5);
      }),
    );
  });

  it("scales with the loss", () => {
    fc.assert(
      fc.property(batches, fc.double({ min: 0.1, max: 10, noNaN: true }), (batch, by) => {
        const louder = { ...batch, outputGradients: scale(batch.outputGradients, by) };
        const gap = combine(
          direction(louder, 0.1),
          scale(direction(batch, 0.1), by),
          (x, y) => x - y,
        );
        expect(Math.max(...gap.flat().map(Math.abs))).toBeLessThan(1e-3);
      }),
    );
  });
});
