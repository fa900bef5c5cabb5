import { beforeAll, expect, it } from "vitest";
import { useBackend } from "../suite/engine/index.ts";
import { describeConformance } from "../suite/optimizer/conformance.ts";
import type { OptimizerDeclaration } from "../suite/optimizer/declaration.ts";
import { describeElementwise } from "../suite/optimizer/testing/elementwise.ts";
import { benchOf, type Given, parameter } from "../suite/optimizer/testing/fixed-problem.ts";
import { describeOracle, readOracle } from "../suite/optimizer/testing/oracle.ts";
import * as file from "./sophia.ts";

const { sophiaG, sophiaH } = file;

describeElementwise(sophiaG, (gradients) => ({ sampledGradients: gradients }));
describeElementwise(sophiaH, (gradients) => ({ hessianVector: gradients }));
describeConformance(file);
describeOracle("sophia", file, {
  stateName: (name) =>
    name === "t" ? null : name.replace(/\.m$/, ".momentum").replace(/\.h$/, ".diagonal"),
});

beforeAll(() => useBackend({ backend: "reference" }));

interface Golden {
  readonly name: string;
  readonly m: number[];
  readonly h: number[];
  readonly expected: number[];
  readonly rho?: number;
  readonly gamma?: number;
  readonly epsilon?: number;
  readonly beta1?: number;
  readonly terms?: number;
  readonly t?: number;
}

const golden = (name: string): Golden =>
  readOracle<Golden>("sophia").golden.find((one) => one.name === name) as Golden;

const ones = (count: number) => new Float32Array(count).fill(1);
const source = { uniform: ones, normal: ones };

/** The last of `steps` directions, from 0, under these curvatures at once. */
function direction(declaration: OptimizerDeclaration, settings: object, given: Given, steps = 1) {
  const zeros = parameter("theta", new Array<number>(6).fill(0));
  const plain = { learningRate: 1, weightDecay: 0, beta2: 0, clipNorm: 1e30, ...settings };
  const bench = benchOf(declaration, zeros, plain, source);
  let before = bench.values()[0] as number[];
  for (let step = 0; step < steps; step++) {
    before = bench.values()[0] as number[];
    bench.step(given);
  }
  const after = bench.values()[0] as number[];
  bench.dispose();
  return after.map((value, i) => (before[i] as number) - value);
}

it("golden values: sophia-g", () => {
  const { m, h, rho, terms, expected } = golden("sophia-g");
  const given = { gradients: [m], sampledGradients: [h.map(Math.sqrt)], terms: terms as number };
  direction(sophiaG, { rho, beta1: 0 }, given).forEach((value, i) => {
    expect(value).toBeCloseTo(expected[i] as number, 5);
  });
});

it("golden values: sophia-h", () => {
  const { m, h, gamma, epsilon, beta1 = 0, t = 1, expected } = golden("sophia-h");
  // A constant gradient's average after t steps is (1 − β₁ᵗ) times it.
  const gradients = [m.map((x) => x / (1 - beta1 ** t))];
  const given = { gradients, hessianVector: [h] };
  direction(sophiaH, { gamma, epsilon, beta1 }, given, t).forEach((value, i) => {
    expect(value).toBeCloseTo(expected[i] as number, 5);
  });
});

it("refreshes the curvature at step 0 and every k steps, and not between", () => {
  const bench = benchOf(sophiaG, parameter("theta", [1, 2]), { curvatureInterval: 2, beta2: 0 });
  const diagonals = [1, 2, 3].map((sampled) => {
    bench.step({ gradients: [[1, 1]], sampledGradients: [[sampled, 0]] });
    return bench.optimizer.state.tensors().get("theta.diagonal")?.dataSync()[0];
  });
  expect(diagonals).toEqual([1, 1, 9]);
  bench.dispose();
});
