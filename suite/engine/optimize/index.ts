/** @file The rewrites of a graph before it is compiled, in order. */
import type { ModelBuilder } from "../model.ts";
import { readBroadcastSources } from "./broadcast.ts";
import { multiplyByOnes } from "./column-sums.ts";
import { foldAdditions, foldTransposes } from "./gemm.ts";
import { dropGuards } from "./guards.ts";
import { moveLayoutTurns } from "./layout.ts";
import { fuseLogSoftmax } from "./log-softmax.ts";
import { mergeEqualNodes } from "./merge.ts";
import { simplifySteps } from "./relu.ts";
import { type Rewrite, Rewriter } from "./rewriter.ts";
import { sumSquares } from "./square-sums.ts";
import { widenVectors } from "./wide-vectors.ts";

const REWRITES: readonly Rewrite[] = [
  mergeEqualNodes,
  readBroadcastSources,
  simplifySteps,
  fuseLogSoftmax,
  dropGuards,
  foldTransposes,
  foldAdditions,
  moveLayoutTurns,
  multiplyByOnes,
  sumSquares,
  widenVectors,
  mergeEqualNodes,
];

/**
 * Rewrites the builder's nodes; returns the names that its outputs have then. Ops of our own are left:
 * `expandOwnOps`.
 */
export function optimize(builder: ModelBuilder, outputs: readonly string[]): string[] {
  const graph = new Rewriter(builder, [...outputs]);
  graph.prune();
  for (const rewrite of REWRITES) rewrite(graph);
  return graph.outputs;
}
