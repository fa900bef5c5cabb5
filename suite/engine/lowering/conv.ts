/**
 * @file Convolution and its two gradients: which of the ways to compute them for which shape.
 *
 * Measured on two cores without AVX-512, batch 32, 3x3 filters, 32 to 512 channels, GFLOP/s: on images
 * of 8x8 or smaller, products with patches 110 to 150 where Conv and ConvTranspose reach 40 to 150, and
 * the filter's gradient 90 to 130; on larger ones Conv is as fast and keeps less in memory, but for the
 * three channels of an image in colour: 64 of 16x16 with 16 filters take 1.0 ms, with the filter's
 * gradient, where Conv and products per image take 2.1, and in pairs of positions two thirds of that 1.0.
 * (On AVX-512, batch 128, 8 to 128 channels: Conv 100 to 220, below 150 on 8x8 with 64 channels or more.
 * Filter gradient by Conv with swapped axes 11 to 80, by products per image with split shifts 50 to 104
 * from 16x16 up.)
 */
import type { GraphBuilder, LoweredNode, Lowering } from "../graph.ts";
import { activation, activationLowers } from "./activation.ts";
import { filterGradientConv, forwardConv, inputGradientConv } from "./conv-channels-first.ts";
import { filterPatches, forwardPatches, inputGradientPatches } from "./conv-patches.ts";
import type { ConvInfo } from "./conv-shape.ts";
import {
  convInfo,
  FEW_CHANNELS,
  invertible,
  isDense,
  rotatedFilter,
  rotatedInfo,
  toChannelsFirst,
  toChannelsLast,
  windowAttributes,
} from "./conv-shape.ts";
import { registerLowering } from "./register.ts";

/** Few positions, or few channels where Conv spends its time on copies. */
function favoursPatches({ outHeight, outWidth }: ConvInfo, channels: number): boolean {
  const positions = outHeight * outWidth;
  return positions <= 64 || (positions <= 256 && channels <= FEW_CHANNELS);
}

/** From this many pixels on, the filter gradient is computed image by image. */
const LARGE_IMAGE = 256;

function forward(b: GraphBuilder, info: ConvInfo, x: string, filter: string): string {
  return favoursPatches(info, info.inChannels)
    ? forwardPatches(b, info, x, filter)
    : forwardConv(b, info, x, filter);
}

function inputGradient(b: GraphBuilder, info: ConvInfo, dy: string, filter: string): string {
  if (favoursPatches(info, info.outChannels)) return inputGradientPatches(b, info, dy, filter);
  if (!isDense(info)) return inputGradientConv(b, info, dy, filter);
  return forwardConv(b, rotatedInfo(info), dy, rotatedFilter(b, info, filter));
}

function filterGradient(b: GraphBuilder, info: ConvInfo, x: string, dy: string): string {
  const imageByImage =
    isDense(info) &&
    info.filterHeight * info.filterWidth > 1 &&
    info.outHeight * info.outWidth >= LARGE_IMAGE &&
    !favoursPatches(info, info.inChannels);
  return imageByImage ? filterGradientConv(b, info, x, dy) : filterPatches(b, info, x, dy);
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
