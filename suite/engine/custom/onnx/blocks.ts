/** @file Taking matrices and batches of matrices apart into 2×2 blocks, and putting them together. */
import type { GraphBuilder } from "../../graph.ts";
import { slice } from "./matrix.ts";

/** The four `g × g` quarters of each block of a batch `[k, 2g, 2g]`. */
export function quarters(
  b: GraphBuilder,
  blocks: string,
  g: number,
): [upperLeft: string, upperRight: string, lowerLeft: string, lowerRight: string] {
  const near = [0, g] as const;
  const far = [g, 2 * g] as const;
  return [
    slice(b, blocks, { rows: near, columns: near }),
    slice(b, blocks, { rows: near, columns: far }),
    slice(b, blocks, { rows: far, columns: near }),
    slice(b, blocks, { rows: far, columns: far }),
  ];
}

/** `[[topLeft, topRight], [bottomLeft, bottomRight]]`, over the last two axes. */
export function assemble(
  b: GraphBuilder,
  top: readonly [string, string],
  bottom: readonly [string, string],
): string {
  const rows = [top, bottom].map((row) => b.node("Concat", row, { axis: -1 }));
  return b.node("Concat", rows, { axis: -2 });
}
