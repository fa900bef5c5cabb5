/** @file What is timed, and the ratios that are wanted. */
import type { Workload } from "./protocol.ts";

export interface Case extends Workload {
  readonly name: string;
  /** Timed steps of each contestant in each round. */
  readonly steps: number;
  /** Largest ratio wanted of our minimum to a contestant's. */
  readonly wanted?: Readonly<Record<string, number>>;
}

const mlp = (
  hidden: number,
  batch: number,
  steps: number,
  wanted: Record<string, number>,
  stepsPerGraph = 1,
): Case => ({
  name:
    `mlp 784-${hidden}-${hidden}-10, batch ${batch}` +
    (stepsPerGraph > 1 ? `, ${stepsPerGraph} steps a graph` : ""),
  case: "mlp",
  sizes: { inputs: 784, hidden, batch },
  ...(stepsPerGraph > 1 && { stepsPerGraph }),
  steps,
  wanted,
});

const gpt = (layers: number, width: number, block: number, batch: number, steps: number): Case => ({
  name: `gpt ${layers} x ${layers} x ${width}, block ${block}, batch ${batch}`,
  case: "gpt",
  sizes: { layers, heads: layers, width, block, vocabulary: 96, batch },
  steps,
  wanted: { torch: 1.2 },
});

const inverse = (order: number, steps: number): Case => ({
  name: `SPD inverse ${order}`,
  case: "spd-inverse",
  sizes: { order },
  steps,
  wanted: { torch: 1 },
});

const resnet = (width: number): Case => ({
  name: `ResNet18 width ${width}, batch 128`,
  case: "resnet18",
  sizes: { width, batch: 128 },
  steps: 10,
  wanted: { torch: 1.5 },
});

export const CASES: readonly Case[] = [
  mlp(2048, 512, 10, { hand: 1.05, torch: 1 }),
  mlp(2048, 64, 20, { hand: 1.1 }),
  mlp(256, 128, 200, { hand: 1.15, torch: 1 }),
  mlp(512, 128, 100, { hand: 1.15, torch: 1 }),
  mlp(128, 32, 500, { hand: 1.2 }),
  mlp(128, 32, 100, { hand: 1 }, 8),
  {
    name: "mlp 784-512-512-10, batch 128, K-FAC every step",
    case: "optimizer",
    sizes: { id: "kfac", inputs: 784, hidden: 512, batch: 128 },
    steps: 20,
  },
  inverse(512, 20),
  inverse(2048, 10),
  resnet(8),
  resnet(16),
  gpt(3, 48, 64, 32, 20),
  gpt(6, 192, 128, 16, 10),
];
