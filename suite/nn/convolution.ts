/** @file A 2-D convolution over NHWC images, observable through its patches. */
import * as tf from "@tensorflow/tfjs-core";
import { uniformByFanIn } from "./initialise.ts";
import type { Apply } from "./linear.ts";
import type { ModelBuilder } from "./model.ts";
import type { KroneckerLayer } from "./parameter.ts";
import { extractPatches } from "./patches.ts";
import type { RandomSource } from "./random.ts";

export interface ConvolutionOptions {
  /** Input and output channels. */
  readonly channelsIn: number;
  readonly channelsOut: number;
  /** Side of the square kernel. */
  readonly kernel: number;
  readonly stride: number;
  /** Zeros on every side, as PyTorch counts them. */
  readonly padding: number;
  readonly place?: KroneckerLayer["place"];
  /** Initial weight, kernel²·channelsIn·channelsOut values; default: PyTorch's `nn.Conv2d`. */
  readonly initialWeight?: (random: RandomSource, size: number, fanIn: number) => Float32Array;
}

/**
 * Maps `[n, h, w, channelsIn]` to `[n, h', w', channelsOut]`, h' = ⌊(h + 2p − k)/s⌋ + 1, without
 * bias: in these models a normalisation follows. As a Kronecker layer its rows are patches in the
 * order of the weight's rows, `[kh, kw, channelsIn]`.
 */
export function convolution(
  builder: ModelBuilder,
  name: string,
  options: ConvolutionOptions,
): Apply {
  const { channelsIn, channelsOut, kernel, stride, padding } = options;
  const dIn = kernel * kernel * channelsIn;
  const initialWeight = options.initialWeight ?? uniformByFanIn;
  const weight = builder.parameter(
    `${name}.weight`,
    "weight",
    [kernel, kernel, channelsIn, channelsOut],
    initialWeight(builder.random, dIn * channelsOut, dIn),
  );
  const layer = builder.layer({
    name,
    kind: "convolution",
    weight,
    dIn,
    dOut: channelsOut,
    place: options.place ?? "hidden",
    tied: false,
  });
  const sides: [number, number] = [padding, padding];
  const pads: tf.backend_util.ExplicitPadding = [[0, 0], sides, sides, [0, 0]];
  const asRows = (input: tf.Tensor) =>
    extractPatches(input as tf.Tensor4D, { kernel, stride, padding });
  return (x, pass) => {
    const preactivation = tf.conv2d(
      x as tf.Tensor4D,
      weight.variable as tf.Tensor as tf.Tensor4D,
      stride,
      pads,
    );
    pass.observe?.(layer, x, preactivation, asRows);
    return preactivation;
  };
}
