/** @file Zero gradients for kernels that are constant almost everywhere; tfjs registers some of them. */
import * as tf from "@tensorflow/tfjs-core";

const BINARY = [
  tf.Greater,
  tf.Less,
  tf.LessEqual,
  tf.Equal,
  tf.NotEqual,
  tf.LogicalAnd,
  tf.LogicalOr,
];

const zeros = (x: tf.Tensor): tf.Tensor => tf.cast(tf.zerosLike(x), "float32");

export const comparisonGradients: readonly tf.GradConfig[] = [
  ...BINARY.map((kernelName) => ({
    kernelName,
    inputsToSave: ["a", "b"],
    gradFunc: (_: tf.Tensor | tf.Tensor[], saved: tf.Tensor[]) => {
      const [a, b] = saved as [tf.Tensor, tf.Tensor];
      return { a: () => zeros(a), b: () => zeros(b) };
    },
  })),
  {
    kernelName: tf.LogicalNot,
    inputsToSave: ["x"],
    gradFunc: (_, saved) => ({ x: () => zeros(saved[0] as tf.Tensor) }),
  },
];
