/** @file For methods that evaluate at other weights than they train. */
import * as tf from "@tensorflow/tfjs-core";
import type { Parameter } from "../nn/parameter.ts";

/** Puts `weightsOf` each parameter in its place; the result puts the present ones back. */
export function swapWeights(
  parameters: readonly Parameter[],
  weightsOf: (parameter: Parameter) => tf.Tensor,
): () => void {
  const kept = parameters.map(({ variable }) => tf.tidy(() => tf.keep(tf.clone(variable))));
  for (const parameter of parameters) {
    tf.tidy(() => parameter.variable.assign(tf.clone(weightsOf(parameter))));
  }
  return () => {
    parameters.forEach(({ variable }, i) => {
      const before = kept[i] as tf.Tensor;
      variable.assign(before);
      before.dispose();
    });
  };
}
