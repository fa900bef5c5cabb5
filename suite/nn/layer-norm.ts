/** @file Layer normalisation (Ba et al. 2016). */
import * as tf from "@tensorflow/tfjs-core";
import { isRecording } from "../engine/gradients/detached.ts";
import { constant } from "./initialise.ts";
import type { Apply } from "./linear.ts";
import type { ModelBuilder } from "./model.ts";

export interface LayerNormOptions {
  readonly width: number;
  /** Added to the variance: 1e-5 in PyTorch and minGPT, 1e-6 in timm. */
  readonly epsilon: number;
}

/** `(x − mean)/√(variance + ε)·weight + bias` over the last axis, for x `[rows, width]`. */
export function layerNorm(
  builder: ModelBuilder,
  name: string,
  { width, epsilon }: LayerNormOptions,
): Apply {
  const scale = builder.parameter(`${name}.weight`, "norm", [width], constant(width, 1));
  const shift = builder.parameter(`${name}.bias`, "norm", [width], constant(width, 0));
  return (x) => tf.add(tf.mul(standardise(x, epsilon), scale.variable), shift.variable);
}

interface Standardised {
  readonly value: tf.Tensor;
  /** 1/√(variance + ε) */
  readonly inverseDeviation: tf.Tensor;
}

function standardised(x: tf.Tensor, epsilon: number): Standardised {
  const centred = tf.sub(x, tf.mean(x, -1, true));
  const variance = tf.mean(tf.square(centred), -1, true);
  const inverseDeviation = tf.rsqrt(tf.add(variance, epsilon));
  return { value: tf.mul(centred, inverseDeviation), inverseDeviation };
}

/**
 * y = (x − mean)/√(variance + ε) over the last axis. The gradient is written out,
 *
 *   dx = (dy − mean(dy) − y·mean(dy·y))/√(variance + ε),
 *
 * half as many passes as composing it.
 */
function standardise(x: tf.Tensor, epsilon: number): tf.Tensor {
  const normalise = tf.customGrad((input, save) => {
    const { value, inverseDeviation } = standardised(input as tf.Tensor, epsilon);
    (save as tf.GradSaveFunc)([input as tf.Tensor, value, inverseDeviation]);
    return {
      value,
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [input, value, inverseDeviation] = saved as [tf.Tensor, tf.Tensor, tf.Tensor];
        const now = isRecording() ? standardised(input, epsilon) : { value, inverseDeviation };
        const along = tf.mul(now.value, tf.mean(tf.mul(dy, now.value), -1, true));
        const across = tf.sub(tf.sub(dy, tf.mean(dy, -1, true)), along);
        return tf.mul(across, now.inverseDeviation);
      },
    };
  });
  return normalise(x);
}
