/**
 * @file Convolution in tfjs's own layout, as one matrix product with patches: the rows of pixels that
 * the filter covers at each position, which a single Gather lays out. With X the patches of x,
 * [positions, kh·kw·cIn], y = X W and dW = Xᵀ dy: the forward pass and the filter's gradient share X.
 */
import type { GraphBuilder } from "../graph.ts";
import { crossed, type Reads, range, readsOf } from "../windows.ts";
import { favoursPairs, filterPairs, forwardPairs } from "./conv-pairs.ts";
import type { ConvInfo } from "./conv-shape.ts";

/** x [batch, h, w, cIn] with the filter [kh, kw, cIn, cOut] to [batch, oh, ow, cOut]. */
export function forwardPatches(b: GraphBuilder, info: ConvInfo, x: string, filter: string): string {
  if (favoursPairs(info)) return forwardPairs(b, info, x, filter);
  const weights = b.reshape(filter, [-1, info.outChannels]);
  return b.reshape(b.node("Gemm", [inputPatches(b, info, x), weights]), info.outShape);
}

/**
 * dW [kh, kw, cIn, cOut] from x and dy [batch, oh, ow, cOut], computed as dyᵀ X: a product turns the
 * left matrix beforehand, and dy is the narrower one. (Two to three times faster than Xᵀ dy.)
 */
export function filterPatches(b: GraphBuilder, info: ConvInfo, x: string, dy: string): string {
  if (favoursPairs(info)) return filterPairs(b, info, x, dy);
  const { filterHeight, filterWidth, inChannels, outChannels } = info;
  const gradient = b.reshape(dy, [-1, outChannels]);
  const product = b.node("Gemm", [gradient, inputPatches(b, info, x)], { transA: 1 });
  const byOutput = b.reshape(product, [outChannels, filterHeight, filterWidth, inChannels]);
  return b.node("Transpose", [byOutput], { perm: [1, 2, 3, 0] });
}

/** Patches of x, each in the order of the filter's elements. */
function inputPatches(b: GraphBuilder, info: ConvInfo, x: string): string {
  const { batchSize, inHeight, inWidth, inChannels } = info;
  const rows = readsOf({
    size: inHeight,
    positions: info.outHeight,
    window: info.filterHeight,
    stride: info.strideHeight,
    dilation: info.dilationHeight,
    padding: info.padInfo.top,
  });
  const columns = readsOf({
    size: inWidth,
    positions: info.outWidth,
    window: info.filterWidth,
    stride: info.strideWidth,
    dilation: info.dilationWidth,
    padding: info.padInfo.left,
  });
  return patches(b, x, [batchSize, inHeight, inWidth, inChannels], rows, columns);
}

/**
 * dx [batch, h, w, cIn] from dy. The pixels of x are taken in groups of stride × stride: every group
 * reads dy through the same window, and each of its pixels meets other elements of the filter there.
 * A group's rows are products of their own, each with the part of the window that it meets.
 */
export function inputGradientPatches(
  b: GraphBuilder,
  info: ConvInfo,
  dy: string,
  filter: string,
): string {
  const { batchSize, inHeight, inWidth, inChannels, outChannels, outHeight, outWidth } = info;
  const { strideHeight: sh, strideWidth: sw, filterHeight, filterWidth, padInfo } = info;
  const down = gradientWindow(filterHeight, sh, info.dilationHeight, padInfo.top);
  const right = gradientWindow(filterWidth, sw, info.dilationWidth, padInfo.left);
  const [high, wide] = [Math.ceil(inHeight / sh), Math.ceil(inWidth / sw)];
  const shape = [batchSize, outHeight, outWidth, outChannels] as const;
  const columns = readsAt(right.offsets, wide, outWidth);
  const rows = down.elements.map((elements) => {
    const met = metBy(elements);
    const offsets = met.map((i) => down.offsets[i] as number);
    const own = met.map((i) => elements[i] as number);
    const windows = patches(b, dy, shape, readsAt(offsets, high, outHeight), columns);
    const taken = crossed([own], right.elements, filterWidth, filterHeight * filterWidth);
    const row = b.node("Gemm", [windows, weightsOf(b, info, filter, taken)], { transB: 1 });
    return b.reshape(row, [batchSize * high, 1, wide * sw * inChannels]);
  });
  const together = sh === 1 ? (rows[0] as string) : b.node("Concat", rows, { axis: 1 });
  const groups = b.reshape(together, [batchSize, high * sh, wide * sw, inChannels]);
  if (high * sh === inHeight && wide * sw === inWidth) return groups;
  return b.node("Slice", [groups, b.ints([0, 0]), b.ints([inHeight, inWidth]), b.ints([1, 2])]);
}

/** At which offsets a row meets an element; one that meets none is a product with zeros. */
function metBy(elements: readonly number[]): readonly number[] {
  const met = range(elements.length).filter((i) => (elements[i] as number) >= 0);
  return met.length > 0 ? met : [0];
}

/** For each pixel of a row the elements taken, side by side: [pixels · cIn, taps · cOut]. */
function weightsOf(
  b: GraphBuilder,
  { filterHeight, filterWidth, strideWidth, inChannels, outChannels }: ConvInfo,
  filter: string,
  taken: readonly number[],
): string {
  const byElement = b.reshape(filter, [-1, inChannels, outChannels]);
  const weights = slices(b, byElement, 0, filterHeight * filterWidth, taken);
  const taps = taken.length / strideWidth;
  const byTap = b.reshape(weights, [strideWidth, taps, inChannels, outChannels]);
  const byPixel = b.node("Transpose", [byTap], { perm: [0, 2, 1, 3] });
  return b.reshape(byPixel, [strideWidth * inChannels, taps * outChannels]);
}

/**
 * Along one axis, pixel `stride·g + phase` of x meets pixel `g + offset` of dy under the filter's
 * element `(phase + padding − stride·offset) / dilation`, where that is one. The offsets, and by phase
 * and offset the element; −1 for none.
 */
function gradientWindow(filter: number, stride: number, dilation: number, padding: number) {
  const lowest = Math.ceil((padding - (filter - 1) * dilation) / stride);
  const highest = Math.floor((stride - 1 + padding) / stride);
  const offsets = range(highest - lowest + 1).map((i) => lowest + i);
  const elements = range(stride).map((phase) =>
    offsets.map((offset) => {
      const element = (phase + padding - stride * offset) / dilation;
      return Number.isInteger(element) && element >= 0 && element < filter ? element : -1;
    }),
  );
  return { offsets, elements };
}

/** Reads at these offsets from each of `positions`, of `size` pixels. */
const readsAt = (offsets: readonly number[], positions: number, size: number): Reads =>
  range(positions).map((position) =>
    offsets.map((offset) => (position + offset < size ? position + offset : -1)),
  );

/** Patches [batch · positions, pixels · channels] of images; what lies outside of an image is zero. */
function patches(
  b: GraphBuilder,
  images: string,
  [batch, height, width, channels]: readonly [number, number, number, number],
  rows: Reads,
  columns: Reads,
): string {
  const pixels = crossed(rows, columns, width, height * width);
  const byPixel = b.reshape(images, [batch, height * width, channels]);
  const taken = slices(b, byPixel, 1, height * width, pixels);
  const positions = rows.length * columns.length;
  return b.reshape(taken, [batch * positions, (pixels.length / positions) * channels]);
}

/** Slices of a 3-D tensor along an axis of the given size; the index behind the last means zeros. */
function slices(
  b: GraphBuilder,
  x: string,
  axis: 0 | 1,
  size: number,
  taken: readonly number[],
): string {
  if (taken.length === size && taken.every((index, i) => index === i)) return x;
  const oneBehind = b.ints(axis === 0 ? [0, 0, 0, 1, 0, 0] : [0, 0, 0, 0, 1, 0]);
  const source = taken.includes(size) ? b.node("Pad", [x, oneBehind, b.constant(0, "float32")]) : x;
  return b.node("Gather", [source, b.constant(taken, "int32", [taken.length])], { axis });
}
