/**
 * @file Convolution in ONNX's layout, [batch, channels, h, w]. Its Transposes from and to tfjs's
 * layout cancel between neighbours when a graph is compiled.
 */
import type { GraphBuilder } from "../graph.ts";
import { range } from "../windows.ts";
import type { ConvInfo } from "./conv-shape.ts";
import { toChannelsFirst, toChannelsLast, windowAttributes } from "./conv-shape.ts";

/** x [batch, h, w, cIn] with the filter [kh, kw, cIn, cOut] to [batch, oh, ow, cOut]. */
export function forwardConv(b: GraphBuilder, info: ConvInfo, x: string, filter: string): string {
  const weights = b.node("Transpose", [filter], { perm: [3, 2, 0, 1] });
  const image = toChannelsFirst(b, x);
  const attributes = {
    kernel_shape: [info.filterHeight, info.filterWidth],
    ...windowAttributes(info),
  };
  const y = forgetsEndPadding(b, info)
    ? paddedInFront(b, info, image, weights)
    : b.node("Conv", [image, weights], attributes);
  return toChannelsLast(b, y);
}

/** WebGPU's Conv takes a filter as large as the image for one product, whatever is padded behind. */
function forgetsEndPadding(b: GraphBuilder, info: ConvInfo): boolean {
  const { top, left, bottom, right } = info.padInfo;
  const whole = info.filterHeight === info.inHeight && info.filterWidth === info.inWidth;
  return b.device === "webgpu" && whole && top === 0 && left === 0 && bottom + right > 0;
}

/** The same with a stride's rows and columns padded in front too, and what they add cut off. */
function paddedInFront(b: GraphBuilder, info: ConvInfo, x: string, weights: string): string {
  const { strideHeight, strideWidth, padInfo } = info;
  const larger = b.node("Conv", [x, weights], {
    kernel_shape: [info.filterHeight, info.filterWidth],
    ...windowAttributes(info),
    pads: [strideHeight, strideWidth, padInfo.bottom, padInfo.right],
  });
  return b.node("Slice", [larger, b.ints([1, 1]), b.ints([2 ** 31, 2 ** 31]), b.ints([2, 3])]);
}

/** dx [batch, h, w, cIn] from dy [batch, oh, ow, cOut], at any stride. */
export function inputGradientConv(
  b: GraphBuilder,
  info: ConvInfo,
  dy: string,
  filter: string,
): string {
  const { effectiveFilterHeight, effectiveFilterWidth } = info;
  const { top, bottom, left, right } = info.padInfo;
  const covered = [
    (info.outHeight - 1) * info.strideHeight + effectiveFilterHeight - top - bottom,
    (info.outWidth - 1) * info.strideWidth + effectiveFilterWidth - left - right,
  ] as const;
  const weights = b.node("Transpose", [filter], { perm: [3, 2, 0, 1] });
  const dx = b.node("ConvTranspose", [toChannelsFirst(b, dy), weights], {
    kernel_shape: [info.filterHeight, info.filterWidth],
    ...windowAttributes(info),
    output_padding: [info.inHeight - covered[0], info.inWidth - covered[1]],
  });
  return toChannelsLast(b, dx);
}

/**
 * dW of a dense convolution. The kh·kw shifts of x against dy are split between the two: x is
 * shifted by columns (kw copies side by side), dy by rows, so that kh products per image of kw·cIn rows
 * are all of it and far fewer elements are copied:
 *
 *   dW[i, j] = Σ_p X_j[:, p] D_i[:, p]ᵀ,   X_j[r, c] = x̄[r, c + j],   D_i[r, c] = dy[r − i, c]
 */
export function filterGradientConv(b: GraphBuilder, info: ConvInfo, x: string, dy: string): string {
  const { batchSize, inChannels, outChannels, filterHeight: kh, filterWidth: kw } = info;
  const { top, bottom, left, right } = info.padInfo;
  const zero = b.constant(0, "float32");
  const positions = (info.inHeight + top + bottom) * info.outWidth;
  const matrices = (images: string, channels: number) =>
    b.reshape(images, [batchSize, channels, positions]);
  const image = toChannelsFirst(b, x);
  const byColumn = range(kw).map((j) => {
    // What is cut off is padded by less than nothing.
    const [before, after] = [left - j, right - (kw - 1 - j)];
    return b.node("Pad", [image, b.ints([0, 0, top, before, 0, 0, bottom, after]), zero]);
  });
  const columns = matrices(b.node("Concat", byColumn, { axis: 1 }), kw * inChannels);
  const gradient = toChannelsFirst(b, dy);
  const byRow = range(kh).map((i) => {
    const shifted = b.node("Pad", [gradient, b.ints([0, 0, i, 0, 0, 0, kh - 1 - i, 0]), zero]);
    const factors = [columns, matrices(shifted, outChannels)];
    const products = b.node("com.microsoft:FusedMatMul", factors, { transB: 1 });
    const sum = b.node("ReduceSum", [products, b.ints([0])], { keepdims: 0 });
    return b.reshape(sum, [1, kw, inChannels, outChannels]);
  });
  return b.node("Concat", byRow, { axis: 0 });
}
