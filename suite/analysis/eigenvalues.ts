/**
 * How much a layer's top eigenvalue still moves in the second half of training (Figure 7), in
 * doublings: log2(max/min). Sums that grow with t, as Shampoo's, must be divided by t first.
 */
import { quantile } from "./quantile.ts";

/** log2(max/min) over the second half of a series of positive values. */
export function secondHalfRange(values: readonly number[]): number {
  const half = values.slice(Math.floor(values.length / 2));
  return Math.log2(Math.max(...half) / Math.min(...half));
}

/** A range up to this many doublings counts as settled. */
export const SETTLED_RANGE = 0.5;
/** Share of the layers (but the last) that must have settled. */
const SETTLED_SHARE = 0.9;

export interface LayerEigenvalues {
  layer: string;
  /** The top eigenvalue over training. */
  top: readonly number[];
}

export interface Settling {
  /** By layer in network order; the last is the classifier. */
  ranges: readonly { layer: string; range: number }[];
  /** The range within which 90% of the layers but the last stay. */
  body: number;
  last: number;
}

/** The ranges of one run's layers, in network order. */
export function settlingOf(layers: readonly LayerEigenvalues[]): Settling {
  const ranges = layers.map(({ layer, top }) => ({ layer, range: secondHalfRange(top) }));
  const values = ranges.map(({ range }) => range);
  return {
    ranges,
    body: quantile(values.slice(0, -1), SETTLED_SHARE),
    last: values.at(-1) ?? Number.NaN,
  };
}
