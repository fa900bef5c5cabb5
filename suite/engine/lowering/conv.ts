/**
 * @file Convolution and its two gradients.
 *
 * tfjs is NHWC with filters [kh, kw, cIn, cOut]; ONNX's Conv is NCHW with [cOut, cIn, kh, kw]. Both
 * layouts meet in Transposes, which cancel between neighbours when a graph is compiled.
 */
import { backend_util } from "@tensorflow/tfjs-core";
import type { Attributes, GraphBuilder, LoweredNode, Lowering, TensorSpec } from "../graph.ts";
import { activation, activationLowers } from "./activation.ts";
import { filterGradient } from "./conv-filter.ts";
import { registerLowering } from "./register.ts";

export type ConvInfo = ReturnType<typeof backend_util.computeConv2DInfo>;

export const toChannelsFirst = (b: GraphBuilder, name: string) =>
  b.node("Transpose", [name], { perm: [0, 3, 1, 2] });

export const toChannelsLast = (b: GraphBuilder, name: string) =>
  b.node("Transpose", [name], { perm: [0, 2, 3, 1] });

/** Shape inference by tfjs; null for the layouts and paddings that have no lowering. */
function convInfo(
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

/** Strides, dilations and paddings as ONNX writes them. */
export function windowAttributes(info: ConvInfo) {
  const { top, bottom, left, right } = info.padInfo;
  return {
    strides: [info.strideHeight, info.strideWidth],
    dilations: [info.dilationHeight, info.dilationWidth],
    pads: [top, left, bottom, right],
  };
}

function forward(b: GraphBuilder, info: ConvInfo, x: string, filter: string): string {
  const weights = b.node("Transpose", [filter], { perm: [3, 2, 0, 1] });
  const y = convolved(b, toChannelsFirst(b, x), weights, {
    image: [info.inHeight, info.inWidth],
    kernel_shape: [info.filterHeight, info.filterWidth],
    ...windowAttributes(info),
  });
  return toChannelsLast(b, y);
}

interface ConvAttributes {
  image: number[];
  kernel_shape: number[];
  pads: number[];
  strides?: number[];
}

/**
 * Conv of a channels-first image. WebGPU's takes a filter as large as the image for one product and
 * forgets paddings at the ends: there, a row and a column are padded in front and cut off again.
 */
function convolved(
  b: GraphBuilder,
  x: string,
  weights: string,
  { image, ...attributes }: ConvAttributes,
): string {
  const { kernel_shape: kernel, pads, strides = [1, 1] } = attributes;
  const [top, left, bottom, right] = pads as [number, number, number, number];
  const whole = kernel.every((side, axis) => side === image[axis]);
  if (b.device !== "webgpu" || !whole || top > 0 || left > 0 || bottom + right === 0) {
    return b.node("Conv", [x, weights], attributes);
  }
  const larger = b.node("Conv", [x, weights], { ...attributes, pads: [...strides, bottom, right] });
  return b.node("Slice", [larger, b.ints([1, 1]), b.ints([2 ** 31, 2 ** 31]), b.ints([2, 3])]);
}

const conv2d: Lowering = {
  inputs: ["x", "filter"],
  lower: ([x, filter], attributes) => {
    if (x?.dtype !== "float32" || filter?.dtype !== "float32") return null;
    const info = convInfo(x.shape, filter.shape, attributes);
    return (
      info && lowered(info.outShape, (b, [a, w]) => forward(b, info, a as string, w as string))
    );
  },
};

const fusedConv2d: Lowering = {
  inputs: ["x", "filter", "bias", "preluActivationWeights"],
  lower: ([x, filter, bias, slopes], attributes) => {
    if (x?.dtype !== "float32" || filter?.dtype !== "float32") return null;
    if (!activationLowers(attributes.activation)) return null;
    const info = convInfo(x.shape, filter.shape, attributes);
    return (
      info &&
      lowered(info.outShape, (b, [a, w, biasName, slopeName]) => {
        const plain = forward(b, info, a as string, w as string);
        const biased = bias ? b.node("Add", [plain, biasName as string]) : plain;
        return activation(b, biased, attributes, slopes && slopeName);
      })
    );
  },
};

function lowered(
  shape: readonly number[],
  emit: (b: GraphBuilder, inputs: string[]) => string,
): LoweredNode {
  return { outputs: [{ shape, dtype: "float32" }], emit: (b, inputs) => [emit(b, inputs)] };
}

/** At stride 1 a convolution of dy with the rotated filter is faster than a transposed one. */
function inputGradient(b: GraphBuilder, info: ConvInfo, dy: string, filter: string): string {
  const { filterHeight: kh, filterWidth: kw, padInfo } = info;
  const first = toChannelsFirst(b, dy);
  if (info.strideHeight === 1 && info.strideWidth === 1) {
    const last = b.ints([-(2 ** 31), -(2 ** 31)]);
    const rotated =
      kh * kw === 1
        ? filter
        : b.node("Slice", [filter, b.ints([-1, -1]), last, b.ints([0, 1]), b.ints([-1, -1])]);
    const weights = b.node("Transpose", [rotated], { perm: [2, 3, 0, 1] });
    const pads = [
      kh - 1 - padInfo.top,
      kw - 1 - padInfo.left,
      kh - 1 - padInfo.bottom,
      kw - 1 - padInfo.right,
    ];
    const image = [info.outHeight, info.outWidth];
    const dx = convolved(b, first, weights, { image, kernel_shape: [kh, kw], pads });
    return toChannelsLast(b, dx);
  }
  const uncovered = [
    info.inHeight - ((info.outHeight - 1) * info.strideHeight + kh - padInfo.top - padInfo.bottom),
    info.inWidth - ((info.outWidth - 1) * info.strideWidth + kw - padInfo.left - padInfo.right),
  ];
  const weights = b.node("Transpose", [filter], { perm: [3, 2, 0, 1] });
  const dx = b.node("ConvTranspose", [first, weights], {
    kernel_shape: [kh, kw],
    ...windowAttributes(info),
    output_padding: uncovered,
  });
  return toChannelsLast(b, dx);
}

const conv2dInputGradient: Lowering = {
  inputs: ["dy", "filter"],
  lower: ([dy, filter], attributes) => {
    if (dy?.dtype !== "float32" || filter?.dtype !== "float32") return null;
    const info = convInfo(attributes.inputShape as number[], filter.shape, attributes);
    if (info === null || !invertible(info, dy)) return null;
    return lowered(info.inShape, (b, [d, w]) => inputGradient(b, info, d as string, w as string));
  },
};

/** Paddings wider than the filter reaches, and gradients of another shape, are left to tfjs. */
function invertible(info: ConvInfo, dy: TensorSpec): boolean {
  const { top, bottom, left, right } = info.padInfo;
  const covered =
    Math.max(top, bottom) < info.filterHeight && Math.max(left, right) < info.filterWidth;
  return covered && dy.shape.every((dim, i) => dim === info.outShape[i]);
}

const conv2dFilterGradient: Lowering = {
  inputs: ["x", "dy"],
  lower: ([x, dy], attributes) => {
    if (x?.dtype !== "float32" || dy?.dtype !== "float32") return null;
    const filterShape = attributes.filterShape as number[];
    const info = convInfo(x.shape, filterShape, attributes);
    if (info === null || !dy.shape.every((dim, i) => dim === info.outShape[i])) return null;
    return lowered(filterShape, (b, [a, d]) => filterGradient(b, info, a as string, d as string));
  },
};

const depthwise: Lowering = {
  inputs: ["x", "filter"],
  lower: ([x, filter], attributes) => {
    if (x?.dtype !== "float32" || filter?.dtype !== "float32") return null;
    const info = convInfo(x.shape, filter.shape, attributes, true);
    const [kh, kw, channels, multiplier] = filter.shape as [number, number, number, number];
    if (info === null) return null;
    return lowered(info.outShape, (b, [a, w]) => {
      const weights = b.reshape(b.node("Transpose", [w as string], { perm: [2, 3, 0, 1] }), [
        channels * multiplier,
        1,
        kh,
        kw,
      ]);
      const y = b.node("Conv", [toChannelsFirst(b, a as string), weights], {
        kernel_shape: [kh, kw],
        group: channels,
        ...windowAttributes(info),
      });
      return toChannelsLast(b, y);
    });
  },
};

/** Registers the convolutions. */
export function registerConvolution(): void {
  registerLowering("Conv2D", conv2d);
  registerLowering("FusedConv2D", fusedConv2d);
  registerLowering("Conv2DBackpropInput", conv2dInputGradient);
  registerLowering("Conv2DBackpropFilter", conv2dFilterGradient);
  registerLowering("DepthwiseConv2dNative", depthwise);
}
