/** @file A linear layer, observable. */
import * as tf from "@tensorflow/tfjs-core";
import { uniformByFanIn } from "./initialise.ts";
import type { ForwardPass, ModelBuilder } from "./model.ts";
import type { KroneckerLayer } from "./parameter.ts";
import type { RandomSource } from "./random.ts";

export interface LinearOptions {
  readonly dIn: number;
  readonly dOut: number;
  readonly bias: boolean;
  readonly place?: KroneckerLayer["place"];
  /** Initial weight, `dIn·dOut` values; default: PyTorch's `nn.Linear`. */
  readonly initialWeight?: (random: RandomSource, size: number, fanIn: number) => Float32Array;
  /** Initial bias, `dOut` values; default: PyTorch's `nn.Linear`. */
  readonly initialBias?: (random: RandomSource, size: number, fanIn: number) => Float32Array;
}

/** Maps `[…, dIn]` to `[…, dOut]`. */
export type Apply = (x: tf.Tensor, pass: ForwardPass) => tf.Tensor;

/** `z = h W + b` with W `[dIn, dOut]`; leading axes of the input count as rows. */
export function linear(builder: ModelBuilder, name: string, options: LinearOptions): Apply {
  const { dIn, dOut } = options;
  const initialWeight = options.initialWeight ?? uniformByFanIn;
  const initialBias = options.initialBias ?? uniformByFanIn;
  const weight = builder.parameter(
    `${name}.weight`,
    "weight",
    [dIn, dOut],
    initialWeight(builder.random, dIn * dOut, dIn),
  );
  const bias = options.bias
    ? builder.parameter(`${name}.bias`, "bias", [dOut], initialBias(builder.random, dOut, dIn))
    : undefined;
  const layer = builder.layer({
    name,
    kind: "linear",
    weight,
    ...(bias && { bias }),
    dIn,
    dOut,
    place: options.place ?? "hidden",
    tied: false,
  });
  return (x, pass) => {
    const rows = x.rank === 2 ? (x as tf.Tensor2D) : tf.reshape<tf.Rank.R2>(x, [-1, dIn]);
    const product = tf.matMul(rows, weight.variable as tf.Tensor as tf.Tensor2D);
    const preactivation = bias ? tf.add(product, bias.variable) : product;
    pass.observe?.(layer, x, preactivation, (input) => tf.reshape(input, [-1, dIn]));
    return x.rank === 2
      ? preactivation
      : tf.reshape(preactivation, [...x.shape.slice(0, -1), dOut]);
  };
}
