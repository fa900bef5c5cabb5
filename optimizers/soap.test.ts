import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { useBackend } from "../suite/engine/index.ts";
import { describeConformance } from "../suite/optimizer/conformance.ts";
import { rotate } from "../suite/optimizer/rotation.ts";
import { benchOf, parameter } from "../suite/optimizer/testing/fixed-problem.ts";
import { describeGoldenSteps } from "../suite/optimizer/testing/golden-steps.ts";
import {
  asRows,
  combine,
  distance,
  identity,
  type Matrix,
  matrices,
  multiply,
  rotations,
  scale,
  transpose,
} from "../suite/optimizer/testing/matrix.ts";
import { flat, type Nested, shapeOf } from "../suite/optimizer/testing/nested.ts";
import { describeOracle } from "../suite/optimizer/testing/oracle.ts";
import type { Tensors } from "../suite/optimizer/testing/oracle-run.ts";
import * as file from "./soap.ts";

const { soap } = file;

describeGoldenSteps("soap", file);
describeConformance(file, {
  fallbacks: { ReducedEigen: "divide and conquer branches on values: no graph does" },
});

beforeAll(() => useBackend({ backend: "reference" }));

/** Parameters `[4, 4]` after each gradient. */
function path(gradients: readonly Matrix[], start: Matrix, settings: object): Matrix[] {
  const bench = benchOf(soap, parameter("w", start), { clipNorm: 1e30, ...settings });
  const seen = gradients.map((gradient) => {
    bench.step({ gradients: [gradient] });
    return asRows(bench.values()[0] as number[], 4);
  });
  bench.dispose();
  return seen;
}

const gradientLists = fc.array(
  matrices(4, 4).map((noise) => combine(noise, identity(4), (x, y) => x / 4 + y)),
  { minLength: 5, maxLength: 5 },
);

describe("closed forms", () => {
  it("in its own basis it is Adam, which skips the first call", () => {
    fc.assert(
      fc.property(gradientLists, (gradients) => {
        const zero = scale(identity(4), 0);
        const settings = { maxDimension: 1, epsilon: 1e-12, weightDecay: 0, learningRate: 0.1 };
        const ours = path(gradients, zero, settings).at(-1) as Matrix;
        const entries = ours.flat().map((_, i) => {
          let [theta, m, v] = [0, 0, 0];
          gradients.slice(1).forEach((gradient, step) => {
            const g = gradient.flat()[i] as number;
            m = 0.95 * m + 0.05 * g;
            v = 0.95 * v + 0.05 * g * g;
            const correction = 1 - 0.95 ** (step + 1);
            if (v > 0) theta -= (0.1 * (m / correction)) / Math.sqrt(v / correction);
          });
          return theta;
        });
        expect(distance(ours, asRows(entries, 4))).toBeLessThan(1e-4);
      }),
      { numRuns: 30, seed: 1 },
    );
  });

  it("with eigenvectors at every step, rotated gradients rotate the path", () => {
    fc.assert(
      fc.property(gradientLists, rotations(4), rotations(4), (noise, u, w) => {
        // Distinct eigenvalues: else the bases are not determined.
        const gradients = noise.map((g) =>
          g.map((row, i) => row.map((x, j) => x * (i + 1) * (1 + j / 3))),
        );
        const settings = { epsilon: 1e-2, inverseInterval: 1, refresh: "eigh" };
        const zero = scale(identity(4), 0);
        const turn = (g: Matrix) => multiply(multiply(u, g), w);
        const plain = path(gradients, zero, settings).at(-1) as Matrix;
        const turned = path(gradients.map(turn), zero, settings).at(-1) as Matrix;
        const back = multiply(multiply(transpose(u), turned), transpose(w));
        expect(distance(back, plain)).toBeLessThan(2e-3);
      }),
      { numRuns: 30, seed: 1 },
    );
  });

  it("nothing moves in the first call", () => {
    const start = identity(4, 2);
    expect(path([identity(4)], start, {})).toEqual([start]);
  });
});

/** The oracle keeps m in the tensor's own basis. */
function inTheBasis(state: Tensors): Tensors {
  const tensorOf = (values: Nested) => tf.tensor(flat(values), shapeOf(values));
  const turned = (name: string, values: Nested): Nested => {
    const result = tf.tidy(() => {
      const axes = shapeOf(values).flatMap((_, axis) => {
        const basis = state[`${name}.Q${axis}`];
        return basis === undefined ? [] : [[axis, tensorOf(basis) as tf.Tensor2D] as const];
      });
      return rotate(tensorOf(values), new Map(axes));
    });
    const nested = result.arraySync() as Nested;
    result.dispose();
    return nested;
  };
  return Object.fromEntries(
    Object.entries(state).map(([key, values]) => [
      key,
      key.endsWith(".m") ? turned(key.slice(0, -2), values) : values,
    ]),
  );
}

describeOracle("soap", file, {
  converted: inTheBasis,
  stateName: (name) =>
    name === "t" || name === "calls"
      ? null
      : name.replace(/\.m$/, ".firstMoment").replace(/\.v$/, ".secondMoment"),
});
