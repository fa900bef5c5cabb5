/**
 * @file Convolution of images of few channels, as one matrix product with patches of two positions side
 * by side. A patch of one position is copied in pieces of one pixel, three numbers of a coloured image;
 * two positions read whole pairs of pixels: a third of the pieces. With X the patches of pairs,
 * [batch · oh · ow/2, kh · (kw+1) · cIn], and the filter beside itself, one pixel further right,
 * y = X [W₀ W₁]; of Xᵀdy the filter's gradient are the same two parts, added up.
 */
import type { GraphBuilder } from "../graph.ts";
import { crossed, range, readsOf } from "../windows.ts";
import { type ConvInfo, FEW_CHANNELS } from "./conv-shape.ts";

/** Few channels, and rows of positions and patches that are whole pairs of pixels. */
export function favoursPairs(info: ConvInfo): boolean {
  const { inChannels, outWidth, filterWidth, strideWidth, dilationWidth } = info;
  const dense = strideWidth * dilationWidth === 1;
  const pairs = outWidth % 2 === 0 && filterWidth % 2 === 1 && filterWidth > 1;
  return inChannels <= FEW_CHANNELS && dense && pairs;
}

/** x [batch, h, w, cIn] with the filter [kh, kw, cIn, cOut] to [batch, oh, ow, cOut]. */
export function forwardPairs(b: GraphBuilder, info: ConvInfo, x: string, filter: string): string {
  const beside = [0, 1].map((right) => {
    const zeros = b.ints([0, right, 0, 0, 0, 1 - right, 0, 0]);
    return b.node("Pad", [filter, zeros, b.constant(0, "float32")]);
  });
  const weights = b.node("Concat", beside, { axis: 3 });
  const product = [pairPatches(b, info, x), b.reshape(weights, [-1, 2 * info.outChannels])];
  return b.reshape(b.node("Gemm", product), info.outShape);
}

/**
 * dW [kh, kw, cIn, cOut] from x and dy [batch, oh, ow, cOut]. Patches of so few channels are as narrow
 * as dy: Xᵀdy is no slower than dyᵀX, and nothing has to be turned.
 */
export function filterPairs(b: GraphBuilder, info: ConvInfo, x: string, dy: string): string {
  const { filterHeight, filterWidth, inChannels, outChannels } = info;
  const gradient = b.reshape(dy, [-1, 2 * outChannels]);
  const product = b.node("Gemm", [pairPatches(b, info, x), gradient], { transA: 1 });
  const both = b.reshape(product, [filterHeight, filterWidth + 1, inChannels, 2 * outChannels]);
  const [left, right] = [0, 1].map((position) => {
    const begins = b.ints([position, position * outChannels]);
    const ends = b.ints([position + filterWidth, (position + 1) * outChannels]);
    return b.node("Slice", [both, begins, ends, b.ints([1, 3])]);
  }) as [string, string];
  return b.node("Add", [left, right]);
}

/** X [batch · oh · ow/2, kh · (kw+1) · cIn]. */
function pairPatches(b: GraphBuilder, info: ConvInfo, x: string): string {
  const { batchSize, outHeight, outWidth, inChannels, filterHeight, filterWidth, padInfo } = info;
  const { top, bottom, left, right } = padInfo;
  const pads = b.ints([0, top, left, 0, 0, bottom, right, 0]);
  const padded = b.node("Pad", [x, pads, b.constant(0, "float32")]);
  const [high, pairs] = [info.inHeight + top + bottom, (outWidth + filterWidth - 1) / 2];
  const rows = readsOf({
    size: high,
    positions: outHeight,
    window: filterHeight,
    stride: info.strideHeight,
    dilation: info.dilationHeight,
    padding: 0,
  });
  const window = range((filterWidth + 1) / 2);
  const columns = range(outWidth / 2).map((first) => window.map((pair) => first + pair));
  const taken = crossed(rows, columns, pairs, -1);
  const byPair = b.reshape(padded, [batchSize, high * pairs, 2 * inChannels]);
  const indices = b.constant(taken, "int32", [taken.length]);
  const patches = b.node("Gather", [byPair, indices], { axis: 1 });
  return b.reshape(patches, [-1, filterHeight * (filterWidth + 1) * inChannels]);
}
