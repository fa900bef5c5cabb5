import { expect, it } from "vitest";
import type { OptimizerTimes } from "../launch/step-table.ts";
import { stepsText } from "./step-view.ts";

const flops = {
  forward: 2e6,
  backward: 4e6,
  curvature: 0,
  inverse: 0,
  precondition: 0,
  update: 0,
};

const sgd: OptimizerTimes = {
  model: "MLP",
  batchSize: 32,
  optimizer: "sgd",
  variants: [{ refresh: "none", medianMs: 0.6, minimumMs: 0.5, timesSgd: 1, flops }],
  peer: { name: "PyTorch", medianMs: 0.5, minimumMs: 0.4, ratio: 1.2 },
  timesPeerSgd: 1.21,
  recompiles: 0,
  fallbacks: [],
};

const kfac: OptimizerTimes = {
  model: "MLP",
  batchSize: 32,
  optimizer: "kfac",
  variants: [
    { refresh: "1", medianMs: 6, minimumMs: 5, timesSgd: 10, flops },
    { refresh: "10", medianMs: 1.2, minimumMs: 1, timesSgd: 2, flops },
  ],
  phases: { precondition: 0.1, curvature: 0.2, inverse: 5 },
  timesPeerSgd: 12,
  recompiles: 2,
  fallbacks: ["Qr"],
};

const cellsOf = (line: string | undefined) => line?.split(/\s{2,}/);

it("shows each method beside SGD, its floor, its phases and the peer", () => {
  const [title, header, , first, second, ...remarks] = stepsText([sgd, kfac], 1e10).split("\n");
  expect(title).toBe("MLP, batch 32");
  expect(cellsOf(header)?.slice(-3)).toEqual(["PyTorch", "ours ×", "× its sgd"]);
  expect(cellsOf(first)).toEqual(["sgd", "0.60", "1.00", "0.60", "1.0", "0.50", "1.20", "1.21"]);
  expect(cellsOf(second)).toEqual([
    "kfac",
    "6.00",
    "10.00",
    "1.20",
    "2.00",
    "0.10",
    "0.20",
    "5.00",
    "0.60",
    "10.0",
    "—",
    "12.00",
  ]);
  expect(remarks.slice(0, 2)).toEqual([
    "kfac: 2 graphs compiled in timed steps",
    "kfac: without a graph: Qr",
  ]);
});

it("says why a peer has no time", () => {
  const failed = { ...sgd, peer: { name: "PyTorch", error: "no memory" } };
  const text = stepsText([failed], 1e10);
  expect(text).toMatch(/failed/);
  expect(text).toContain("sgd: PyTorch failed: no memory");
});
