/** @file `tf.tidy` for results whose type it does not foresee; it finds their tensors all the same. */
import * as tf from "@tensorflow/tfjs-core";

/** Runs `work`; of the tensors it makes, those in its result live on. */
export function tidily<T>(work: () => T): T {
  return tf.tidy(work as unknown as () => tf.TensorContainer) as unknown as T;
}
