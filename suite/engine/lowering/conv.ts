/**
 * @file Convolution and its two gradients: which of the ways to compute them for which shape.
 *
 * Measured on two AVX-512 cores, batch 128, 3x3 filters, 8 to 128 channels, GFLOP/s: forward and
 * input gradient by Conv 100 to 220, but below 150 on images of 8x8 or smaller with 64 channels or
 * more, where matrix products reach 200 to 250. Filter gradient by Conv with swapped axes 11 to 80,
 * by products per image with split shifts 50 to 104 from 16x16 up, by products per filter element
 * 110 to 250 below.
 */
import type { GraphBuilder, LoweredNode, Lowering } from "../graph.ts";
import { activation, activationLowers } from "./activation.ts";
import { filterGradientConv, forwardConv, inputGradientConv } from "./conv-channels-first.ts";
import { filterProducts, forwardProducts } from "./conv-products.ts";
import type { ConvInfo } from "./conv-shape.ts";
import {
  convInfo,
  invertible,
  isDense,
  rotatedFilter,
  rotatedInfo,
  toChannelsFirst,
  toChannelsLast,
  windowAttributes,
} from "./conv-shape.ts";
import { registerLowering } from "./register.ts";

/** Small images with many channels are better off as products of [positions, cIn] matrices. */
function favoursProducts({ outHeight, outWidth, inChannels }: ConvInfo): boolean {
  const pixels = outHeight * outWidth;
  return (pixels <= 16 && inChannels >= 32) || (pixels <= 64 && inChannels >= 64);
}

/** From this many pixels on, the filter gradient is computed image by image. */
const LARGE_IMAGE = 256;

function forward(b: GraphBuilder, info: ConvInfo, x: string, filter: string): string {
  return favoursProducts(info)
    ? forwardProducts(b, info, x, filter)
    : forwardConv(b, info, x, filter);
}

function inputGradient(b: GraphBuilder, info: ConvInfo, dy: string, filter: string): string {
  if (!isDense(info)) return inputGradientConv(b, info, dy, filter);
  return forward(b, rotatedInfo(info), dy, rotatedFilter(b, info, filter));
}

function filterGradient(b: GraphBuilder, info: ConvInfo, x: string, dy: string): string {
  const imageByImage =
    isDense(info) &&
    info.filterHeight * info.filterWidth > 1 &&
    info.outHeight * info.outWidth >= LARGE_IMAGE;
  return imageByImage ? filterGradientConv(b, info, x, dy) : filterProducts(b, info, x, dy);
}

function lowered(
  shape: readonly number[],
  emit: (b: GraphBuilder, inputs: string[]) => string,
): LoweredNode {
  return { outputs: [{ shape, dtype: "float32" }], emit: (b, inputs) => [emit(b, inputs)] };
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

const conv2dInputGradient: Lowering = {
  inputs: ["dy", "filter"],
  lower: ([dy, filter], attributes) => {
    if (dy?.dtype !== "float32" || filter?.dtype !== "float32") return null;
    const info = convInfo(attributes.inputShape as number[], filter.shape, attributes);
    if (info === null || !invertible(info, dy)) return null;
    return lowered(info.inShape, (b, [d, w]) => inputGradient(b, info, d as string, w as string));
  },
};

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
      const outermost = b.node("Transpose", [w as string], { perm: [2, 3, 0, 1] });
      const weights = b.reshape(outermost, [channels * multiplier, 1, kh, kw]);
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
