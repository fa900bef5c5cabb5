/** @file Batch normalisation (Ioffe & Szegedy 2015) with PyTorch's running moments. */
import * as tf from "@tensorflow/tfjs-core";
import { isRecording } from "../engine/gradients/detached.ts";
import { constant } from "./initialise.ts";
import type { Apply } from "./linear.ts";
import type { Model, ModelBuilder } from "./model.ts";
import type { ModelBuffer } from "./parameter.ts";

const EPSILON = 1e-5;
const STATISTICS_WEIGHT = 0.1;

/**
 * `(x − mean)/√(variance + 1e-5)·weight + bias` per channel of `[n, h, w, channels]`. In training
 * the moments are the batch's, and the running ones move a tenth of the way to them (the variance to
 * the unbiased one); otherwise the moments are the running ones.
 */
export function batchNorm(builder: ModelBuilder, name: string, channels: number): Apply {
  const scale = builder.parameter(`${name}.weight`, "norm", [channels], constant(channels, 1));
  const shift = builder.parameter(`${name}.bias`, "norm", [channels], constant(channels, 0));
  const mean = builder.buffer(`${name}.running_mean`, [channels], constant(channels, 0));
  const variance = builder.buffer(`${name}.running_var`, [channels], constant(channels, 1));
  return (x, pass) => {
    if (!pass.training) {
      const factor = tf.mul(scale.variable, tf.rsqrt(tf.add(variance.variable, EPSILON)));
      const offset = tf.sub(shift.variable, tf.mul(mean.variable, factor));
      return tf.add(tf.mul(x, factor), offset);
    }
    const moments = momentsOf(x);
    if (pass.updateStatistics) {
      const count = x.size / channels;
      const weight = pass.statisticsWeight ?? STATISTICS_WEIGHT;
      move(mean, moments.mean, weight, 1);
      move(variance, moments.variance, weight, count / Math.max(count - 1, 1));
    }
    return normalise(x, scale.variable, shift.variable, moments);
  };
}

/** `buffer ← (1 − weight)·buffer + weight·correction·value` */
function move(buffer: ModelBuffer, value: tf.Tensor, weight: number, correction: number): void {
  const kept = tf.mul(buffer.variable, 1 - weight);
  buffer.variable.assign(tf.add(kept, tf.mul(value, weight * correction)));
}

interface Moments {
  /** `[channels]` */
  readonly mean: tf.Tensor;
  readonly variance: tf.Tensor;
  /** x − mean */
  readonly centred: tf.Tensor;
  /** 1/√(variance + ε), `[channels]` */
  readonly inverseDeviation: tf.Tensor;
}

/** Over all axes but the last. */
function momentsOf(x: tf.Tensor): Moments {
  const mean = meanOf(x);
  const centred = tf.sub(x, mean);
  const variance = meanOf(tf.square(centred));
  return { mean, centred, variance, inverseDeviation: tf.rsqrt(tf.add(variance, EPSILON)) };
}

/** By its sum, which the engine computes faster than a mean where channels are the last axis. */
const meanOf = (x: tf.Tensor): tf.Tensor => {
  const count = x.size / (x.shape.at(-1) as number);
  return tf.div(tf.sum(x, channelAxes(x)), count);
};

const channelAxes = (x: tf.Tensor): number[] => x.shape.slice(0, -1).map((_, axis) => axis);

/**
 * y = (x − mean)·d·weight + bias with d = 1/√(variance + ε). The gradient is written out, over the m
 * elements of a channel:
 *
 *   dbias = Σ dy,  dweight = d·Σ dy·(x − mean),
 *   dx = weight·d·(dy − dbias/m − (x − mean)·d·dweight/m)
 */
function normalise(x: tf.Tensor, scale: tf.Tensor, shift: tf.Tensor, moments: Moments): tf.Tensor {
  const apply = tf.customGrad((input, weight, bias, save) => {
    const [x, w, b] = [input as tf.Tensor, weight as tf.Tensor, bias as tf.Tensor];
    (save as tf.GradSaveFunc)([x, w, moments.centred, moments.inverseDeviation]);
    return {
      value: tf.add(tf.mul(moments.centred, tf.mul(w, moments.inverseDeviation)), b),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [x, w, centred, inverseDeviation] = saved as tf.Tensor[] as [
          tf.Tensor,
          tf.Tensor,
          tf.Tensor,
          tf.Tensor,
        ];
        const now = isRecording() ? momentsOf(x) : { centred, inverseDeviation };
        return normaliseGradients(dy, w, now.centred, now.inverseDeviation);
      },
    };
  });
  return apply(x, scale, shift);
}

/** Gradients with respect to x, weight and bias. */
function normaliseGradients(
  dy: tf.Tensor,
  weight: tf.Tensor,
  centred: tf.Tensor,
  inverseDeviation: tf.Tensor,
): tf.Tensor[] {
  const axes = channelAxes(dy);
  const count = dy.size / weight.size;
  const toBias = tf.sum(dy, axes);
  const toWeight = tf.mul(tf.sum(tf.mul(dy, centred), axes), inverseDeviation);
  const factor = tf.mul(weight, inverseDeviation);
  const along = tf.mul(factor, tf.div(tf.mul(inverseDeviation, toWeight), count));
  const constant = tf.mul(factor, tf.div(toBias, count));
  const toX = tf.sub(tf.sub(tf.mul(dy, factor), tf.mul(centred, along)), constant);
  return [toX, toWeight, toBias];
}

/**
 * Sets the running moments to the mean over `batches` of each batch's moments, at the weights as
 * they are now: for methods that evaluate at other weights than they train. As PyTorch's
 * `torch.optim.swa_utils.update_bn`. Batches of one size count alike.
 */
export function recomputeMoments(model: Model, batches: Iterable<tf.Tensor>): void {
  if (model.buffers.length === 0) return;
  let seen = 0;
  for (const inputs of batches) {
    const statisticsWeight = 1 / ++seen;
    tf.tidy(() => {
      model.apply(inputs, { training: true, updateStatistics: true, statisticsWeight });
    });
  }
}
