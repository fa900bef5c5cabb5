/**
 * @file tfjs's gradient registry, repaired for second derivatives, once for every backend.
 *
 * As it comes, Hessian-vector products (gradients of gradients) are silently wrong for exp, tanh,
 * sigmoid, softmax and elu, and throw for max, pooling, a convolution's filter and every comparison.
 * The registry belongs to the process, so one call repairs it for all backends.
 *
 * Not cured, because these are not kernels but operations with a custom gradient of their own:
 * `tf.logSoftmax` (use `logSoftmax` from here) and `tf.losses.*CrossEntropy`.
 */
import * as tf from "@tensorflow/tfjs-core";
import { comparisonGradients } from "./gradients/comparisons.ts";
import { convolutionGradients } from "./gradients/convolution.ts";
import { detached } from "./gradients/detached.ts";
import { elementwiseGradients } from "./gradients/elementwise.ts";
import { reductionGradients } from "./gradients/reductions.ts";

export { detached } from "./gradients/detached.ts";

const REPAIRED: readonly tf.GradConfig[] = [
  ...elementwiseGradients,
  ...comparisonGradients,
  ...reductionGradients,
  ...convolutionGradients,
];

/**
 * Replaces the gradients that are wrong and adds those that are missing. Call it after tfjs's own
 * are registered (in Node by importing `@tensorflow/tfjs`); calling it again changes nothing.
 */
export function repairGradients(): void {
  for (const gradient of REPAIRED) {
    if (tf.getGradient(gradient.kernelName) === gradient) continue;
    if (tf.getGradient(gradient.kernelName)) tf.unregisterGradient(gradient.kernelName);
    tf.registerGradient(gradient);
  }
}

/**
 * `x − m − log Σ exp(x − m)` over the last axis, m the maximum: of plain operations, so that it has
 * derivatives of every order.
 */
export function logSoftmax<T extends tf.Tensor>(logits: T): T {
  return tf.tidy(() => {
    const maximum = detached(() => tf.max(logits, -1, true));
    const shifted = tf.sub(logits, maximum);
    return tf.sub(shifted, tf.log(tf.sum(tf.exp(shifted), -1, true))) as T;
  });
}
