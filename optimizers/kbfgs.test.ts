import { beforeAll, describe, expect, it } from "vitest";
import { useBackend } from "../suite/engine/index.ts";
import { describeConformance } from "../suite/optimizer/conformance.ts";
import { readEvents } from "../suite/optimizer/events.ts";
import { benchOf, firstDirection, linearLayer } from "../suite/optimizer/testing/fixed-problem.ts";
import {
  asRows,
  distance,
  gramOf,
  type Matrix,
  multiply,
  scale,
  shifted,
  solve,
  transpose,
} from "../suite/optimizer/testing/matrix.ts";
import { describeOracle } from "../suite/optimizer/testing/oracle.ts";
import { seededSource } from "../suite/optimizer/testing/random.ts";
import { smallRun } from "../suite/optimizer/testing/small-run.ts";
import * as file from "./kbfgs.ts";

const { kbfgs } = file;

describeConformance(file);
describeOracle("kbfgs", file);

beforeAll(() => useBackend({ backend: "reference" }));

it("starts from the damped inverse of the first batch's A", () => {
  const inputs: Matrix = [
    [1, 2],
    [0, 1],
    [2, -1],
  ];
  const outputGradients: Matrix = [
    [1, 0],
    [0.5, 1],
    [-1, 0.5],
  ];
  const gradient: Matrix = [
    [1, -1],
    [0.5, 2],
  ];
  const batch = { inputs, outputGradients, preactivations: outputGradients, gradient };
  const { weight } = firstDirection(kbfgs, batch, { damping: 0.09 });
  const expected = solve(shifted(gramOf(inputs, 1 / 3), 0.3), gradient);
  expect(distance(weight, expected)).toBeLessThan(1e-5);
});

it("is the same by the rows of a large layer, where they are few", () => {
  const noise = (rows: number, columns: number): Matrix =>
    asRows([...seededSource(columns).normal(rows * columns)], columns);
  const [inputs, outputGradients] = [noise(8, 260), noise(8, 20)];
  const batch = { inputs, outputGradients, preactivations: outputGradients };
  const { weight } = firstDirection(kbfgs, batch, { damping: 0.09 });
  const gradient = scale(multiply(transpose(inputs), outputGradients), 1 / 8);
  const expected = solve(shifted(gramOf(inputs, 1 / 8), 0.3), gradient);
  expect(distance(weight, expected)).toBeLessThan(1e-5);
});

describe("layers before a batch norm", () => {
  it("keep H_B, since their mean output gradient is rounding noise, and are counted", () => {
    const run = smallRun(kbfgs, "conv");
    for (let step = 0; step < 3; step++) run.step();
    const state = run.optimizer.state.tensors();
    expect([...(state.get("conv1.HB")?.dataSync() ?? [])]).toEqual([1, 0, 0, 0, 1, 0, 0, 0, 1]);
    expect([...(state.get("fc.HB")?.dataSync() ?? [])]).not.toEqual([1, 0, 0, 0, 1, 0, 0, 0, 1]);
    expect(readEvents(run.optimizer.state).skippedUpdates).toBeGreaterThanOrEqual(3);
    run.dispose();
  });
});

it("evaluates every batch twice where its curvature is due, once elsewhere", () => {
  const evaluations = (interval: number) => {
    const layer = linearLayer(1, 1);
    const bench = benchOf(kbfgs, layer, { curvatureInterval: interval });
    const rows: Matrix = [[1], [2]];
    const given = { inputs: rows, outputGradients: rows, preactivations: rows, examples: 2 };
    for (let step = 0; step < 6; step++) bench.step({ ...given, gradients: [[[1]]] });
    bench.dispose();
    return bench.requests.map(({ repeated = false }) => repeated);
  };
  const [once, twice] = [[false], [false, true]];
  expect(evaluations(1)).toEqual([twice, twice, twice, twice, twice, twice].flat());
  expect(evaluations(3)).toEqual([twice, once, once, twice, once, once].flat());
});
