/** @file Cross-entropy with label smoothing, differentiable twice, and labels drawn from the model. */
import * as tf from "@tensorflow/tfjs-core";

/**
 * Cross-entropy of `logits [rows, classes]` against `labels` (int32 `[rows]`), with the target
 * `(1 − s)·onehot + s/classes` for smoothing s, summed over rows and divided by `terms`: the mean,
 * where not told otherwise.
 *
 *   L = Σ(log Σ exp x − Σ target·x)/terms,   dL/dx = (softmax x − target)/terms
 *
 * The gradient recomputes softmax from the saved input, so that it can be differentiated again.
 */
export function crossEntropy(
  logits: tf.Tensor2D,
  labels: tf.Tensor1D,
  smoothing = 0,
  terms = logits.shape[0],
): tf.Scalar {
  const target = smoothedTarget(labels, logits.shape[1], smoothing);
  const loss = tf.customGrad((x, save) => {
    const scores = x as tf.Tensor2D;
    (save as tf.GradSaveFunc)([scores, target]);
    const losses = tf.sub(logSumExp(scores), tf.sum(tf.mul(target, scores), -1));
    return {
      value: tf.div(tf.sum(losses), terms),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [savedScores, savedTarget] = saved as [tf.Tensor2D, tf.Tensor2D];
        return tf.mul(tf.sub(tf.softmax(savedScores), savedTarget), tf.div(dy, terms));
      },
    };
  });
  return loss(logits) as tf.Scalar;
}

/** `(1 − s)·onehot(labels) + s/classes`, `[rows, classes]`. */
export function smoothedTarget(
  labels: tf.Tensor1D,
  classes: number,
  smoothing: number,
): tf.Tensor2D {
  const onValue = 1 - smoothing + smoothing / classes;
  return tf.oneHot(labels, classes, onValue, smoothing / classes, "float32") as tf.Tensor2D;
}

/** `log Σ exp x` over the last axis, shifted by the row's maximum. */
function logSumExp(x: tf.Tensor2D): tf.Tensor1D {
  const max = tf.max(x, -1, true);
  return tf.add(tf.log(tf.sum(tf.exp(tf.sub(x, max)), -1)), tf.squeeze(max, [-1])) as tf.Tensor1D;
}

/**
 * One label per row from `softmax(logits)`, by inverting the distribution function at the given
 * uniforms `[rows]` in [0, 1). Returns one-hot `[rows, classes]`, never differentiated.
 */
export function sampleOneHot(probabilities: tf.Tensor2D, uniforms: tf.Tensor1D): tf.Tensor2D {
  const rows = probabilities.shape[0];
  const classes = probabilities.shape[1];
  const upTo = tf.cumsum(probabilities, 1) as tf.Tensor2D;
  const before = tf.cumsum(probabilities, 1, true) as tf.Tensor2D;
  // The distribution's own total, not 1: rounding may leave it below a draw near 1.
  const total = tf.slice(upTo, [0, classes - 1], [rows, 1]);
  const threshold = tf.mul(tf.mul(tf.reshape(uniforms, [rows, 1]), total), 1 - 2 ** -20);
  return tf.sub(
    asFloat(tf.greater(upTo, threshold)),
    asFloat(tf.greater(before, threshold)),
  ) as tf.Tensor2D;
}

/** Number of rows whose largest logit is the label's, as a scalar. */
export function countCorrect(logits: tf.Tensor2D, labels: tf.Tensor1D): tf.Scalar {
  return tf.sum(asFloat(tf.equal(tf.argMax(logits, -1), labels))) as tf.Scalar;
}

const asFloat = (x: tf.Tensor): tf.Tensor => tf.cast(x, "float32");
