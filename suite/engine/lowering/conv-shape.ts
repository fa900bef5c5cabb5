/** @file Shapes, strides and paddings of a convolution, and the layouts it is computed in. */
import { backend_util } from "@tensorflow/tfjs-core";
import type { Attributes, GraphBuilder, TensorSpec } from "../graph.ts";

export type ConvInfo = ReturnType<typeof backend_util.computeConv2DInfo>;

/** Up to as many a pixel is a short piece to copy: those of an image in colour. */
export const FEW_CHANNELS = 4;

export const toChannelsFirst = (b: GraphBuilder, name: string) =>
  b.node("Transpose", [name], { perm: [0, 3, 1, 2] });

export const toChannelsLast = (b: GraphBuilder, name: string) =>
  b.node("Transpose", [name], { perm: [0, 2, 3, 1] });

/** Shape inference by tfjs; null for the layouts and paddings that have no lowering. */
export function convInfo(
  inputShape: readonly number[],
  filterShape: readonly number[],
  { strides, pad, dilations, dimRoundingMode, dataFormat }: Attributes,
  depthwise = false,
): ConvInfo | null {
  if (dataFormat !== undefined && dataFormat !== "NHWC") return null;
  const info = backend_util.computeConv2DInfo(
    [...inputShape] as [number, number, number, number],
    [...filterShape] as [number, number, number, number],
    strides as number,
    (dilations ?? 1) as number,
    pad as "same",
    dimRoundingMode as "floor" | undefined,
    depthwise,
  );
  return fits(info) ? info : null;
}

/** ONNX rounds the output size down; tfjs may have been told otherwise. */
export function fits(info: ConvInfo): boolean {
  const { top, bottom, left, right } = info.padInfo;
  const high = (info.inHeight + top + bottom - info.effectiveFilterHeight) / info.strideHeight;
  const wide = (info.inWidth + left + right - info.effectiveFilterWidth) / info.strideWidth;
  return Math.floor(high) + 1 === info.outHeight && Math.floor(wide) + 1 === info.outWidth;
}

/** Paddings wider than the filter reaches, and gradients of another shape, are left to tfjs. */
export function invertible(info: ConvInfo, dy: TensorSpec): boolean {
  const { top, bottom, left, right } = info.padInfo;
  const covered =
    Math.max(top, bottom) < info.filterHeight && Math.max(left, right) < info.filterWidth;
  return covered && dy.shape.every((dim, i) => dim === info.outShape[i]);
}

/** Strides, dilations and paddings as ONNX writes them. */
export function windowAttributes(info: ConvInfo) {
  const { top, bottom, left, right } = info.padInfo;
  return {
    strides: [info.strideHeight, info.strideWidth],
    dilations: [info.dilationHeight, info.dilationWidth],
    pads: [top, left, bottom, right],
  };
}

export function isDense({ strideHeight, strideWidth, dilationHeight, dilationWidth }: ConvInfo) {
  return strideHeight * strideWidth * dilationHeight * dilationWidth === 1;
}

/**
 * The input gradient of a dense convolution is itself one, of dy with the rotated filter: its shape,
 * with the paddings that it needs.
 */
export function rotatedInfo(info: ConvInfo): ConvInfo {
  const { top, bottom, left, right } = info.padInfo;
  const [reachDown, reachRight] = [info.filterHeight - 1, info.filterWidth - 1];
  return {
    ...info,
    inHeight: info.outHeight,
    inWidth: info.outWidth,
    inChannels: info.outChannels,
    inShape: info.outShape,
    outHeight: info.inHeight,
    outWidth: info.inWidth,
    outChannels: info.inChannels,
    outShape: info.inShape,
    filterShape: [info.filterHeight, info.filterWidth, info.outChannels, info.inChannels],
    padInfo: {
      ...info.padInfo,
      top: reachDown - top,
      bottom: reachDown - bottom,
      left: reachRight - left,
      right: reachRight - right,
    },
  };
}

/** The filter [kh, kw, cIn, cOut] turned by 180°, its channels swapped: [kh, kw, cOut, cIn]. */
export function rotatedFilter(b: GraphBuilder, info: ConvInfo, filter: string): string {
  const beyond = b.ints([-(2 ** 31), -(2 ** 31)]);
  const turned =
    info.filterHeight * info.filterWidth === 1
      ? filter
      : b.node("Slice", [filter, b.ints([-1, -1]), beyond, b.ints([0, 1]), b.ints([-1, -1])]);
  return b.node("Transpose", [turned], { perm: [0, 1, 3, 2] });
}
