import { beforeAll, describe, expect, it } from "vitest";
import { foof } from "../../optimizers/foof.ts";
import { kfac } from "../../optimizers/kfac.ts";
import { useBackend } from "../engine/index.ts";
import { readEvents } from "./events.ts";
import { SMALLEST_SYSTEM } from "./factor-inverse.ts";
import { type Bench, benchOf, linearLayer, PLAIN_STEP } from "./testing/fixed-problem.ts";
import { factoredSolution } from "./testing/kronecker.ts";
import {
  asRows,
  distance,
  gramOf,
  identity,
  type Matrix,
  multiply,
  scale,
  shifted,
  solve,
  transpose,
} from "./testing/matrix.ts";
import { seededSource } from "./testing/random.ts";

beforeAll(() => useBackend());

/** A matrix that one product needs is a system. */
const LARGE = SMALLEST_SYSTEM + 4;
const D_OUT = 3;

const noise = (rows: number, columns: number): Matrix =>
  asRows([...seededSource(rows).normal(rows * columns)], columns);

/** FOOF on one layer, which is nothing but `(A + λI)⁻¹ G`. */
const foofOf = (dIn: number, settings: Readonly<Record<string, unknown>>, dOut = D_OUT): Bench =>
  benchOf(foof, linearLayer(dIn, dOut), { ...PLAIN_STEP, ...settings });

/** One step; the direction it took. */
function directionOf(bench: Bench, inputs: Matrix, outputGradients: Matrix): Matrix {
  const dOut = outputGradients[0]?.length as number;
  const before = asRows(bench.values()[0] as number[], dOut);
  const gradient = scale(multiply(transpose(inputs), outputGradients), 1 / inputs.length);
  bench.step({ inputs, outputGradients, gradients: [gradient], examples: inputs.length });
  const after = asRows(bench.values()[0] as number[], dOut);
  return before.map((row, i) => row.map((x, j) => x - (after[i]?.[j] as number)));
}

/** `(hᵀh/rows + λI)⁻¹ G` in float64. */
function expected(inputs: Matrix, outputGradients: Matrix, damping: number): Matrix {
  const by = 1 / inputs.length;
  const gradient = scale(multiply(transpose(inputs), outputGradients), by);
  return solve(shifted(gramOf(inputs, by), damping), gradient);
}

const keepsInverse = (bench: Bench) => bench.optimizer.state.tensors().has("fc.inverseA");

describe("a large input covariance", () => {
  const [inputs, outputGradients] = [noise(LARGE + 40, LARGE), noise(LARGE + 40, D_OUT)];

  it.each([
    { renewed: "in every step", settings: {}, kept: false },
    {
      renewed: "in every other",
      settings: { curvatureInterval: 2, inverseInterval: 2 },
      kept: true,
    },
  ])("renewed $renewed", ({ settings, kept }) => {
    const bench = foofOf(LARGE, { damping: 0.1, ...settings });
    const close = expected(inputs, outputGradients, 0.1);
    expect(distance(directionOf(bench, inputs, outputGradients), close)).toBeLessThan(1e-4);
    expect(keepsInverse(bench)).toBe(kept);
    bench.dispose();
  });

  it("meets rows that are fewer than the gradient's columns, step after step", () => {
    const bench = foofOf(LARGE, { damping: 0.1, emaRate: 1 }, 30);
    for (const rows of [20, 25, 40]) {
      const [h, e] = [noise(rows, LARGE), noise(rows, 30)];
      expect(distance(directionOf(bench, h, e), expected(h, e, 0.1))).toBeLessThan(1e-4);
    }
    bench.dispose();
  });

  it("multiplies the few rows of a step that renews nothing, which K-FAC asks for", () => {
    const dOut = 30;
    const intervals = { curvatureInterval: 2, inverseInterval: 2 };
    const settings = { ...PLAIN_STEP, ...intervals, damping: 0.1 };
    const bench = benchOf(kfac, linearLayer(LARGE, dOut), settings);
    const batchOfRows = (rows: number) => {
      const [inputs, outputGradients] = [noise(rows, LARGE), noise(rows, dOut)];
      const gradient = scale(multiply(transpose(inputs), outputGradients), 1 / rows);
      return { inputs, outputGradients, gradient, examples: rows };
    };
    const [first, second] = [batchOfRows(300), batchOfRows(20)];
    const sampledOutputGradients = first.outputGradients;
    bench.step({ ...first, sampledOutputGradients, gradients: [first.gradient] });
    const before = asRows(bench.values()[0] as number[], dOut);
    bench.step({ ...second, gradients: [second.gradient] });
    const after = asRows(bench.values()[0] as number[], dOut);
    const took = before.map((row, i) => row.map((x, j) => x - (after[i]?.[j] as number)));
    const a = gramOf(first.inputs, 1 / first.examples);
    const b = gramOf(first.outputGradients, 1 / first.examples);
    expect(distance(took, factoredSolution(a, b, second.gradient, 0.1))).toBeLessThan(1e-4);
    expect(bench.requests[1]).toMatchObject({ inputs: true, outputGradients: true });
    bench.dispose();
  });

  it("has its condition number without an inverse", () => {
    const conditions = [{}, { inverseInterval: 2 }].map((settings) => {
      const bench = foofOf(LARGE, { damping: 0.1, ...settings });
      directionOf(bench, inputs, outputGradients);
      const given = { inputs, gradients: [identity(LARGE)], examples: inputs.length };
      const condition = bench.diagnose(given)["condition.fc.A"] as number;
      bench.dispose();
      return condition;
    });
    const [solved, inverted] = conditions as [number, number];
    expect(Math.abs(solved / inverted - 1)).toBeLessThan(1e-3);
  });

  it("that is singular is damped more, and counted", () => {
    const few = inputs.slice(0, 20);
    const bench = foofOf(LARGE, { damping: 0 });
    const direction = directionOf(bench, few, outputGradients.slice(0, 20));
    expect(direction.flat().every(Number.isFinite)).toBe(true);
    expect(readEvents(bench.optimizer.state).inverseRetries).toBeGreaterThan(0);
    bench.dispose();
  });
});

describe("the last batch's rows, fewer than inputs", () => {
  it.each([
    { rows: LARGE, dIn: LARGE + 20 },
    { rows: 20, dIn: 40 },
  ])("$rows of $dIn: exact at any damping", ({ rows, dIn }) => {
    const [inputs, outputGradients] = [noise(rows, dIn), noise(rows, D_OUT)];
    const bench = foofOf(dIn, { statistics: "batch", damping: 1e-6 });
    const direction = directionOf(bench, inputs, outputGradients);
    // A is singular: float64 takes it through the rows, too.
    const system = shifted(multiply(inputs, transpose(inputs)), rows * 1e-6);
    const close = multiply(transpose(inputs), solve(system, outputGradients));
    expect(distance(direction, close)).toBeLessThan(1e-3);
    bench.dispose();
  });
});
