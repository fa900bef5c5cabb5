/** @file The multilayer perceptron of the paper's Figure 1: ReLU, no biases. */
import * as tf from "@tensorflow/tfjs-core";
import { heNormal, uniformByFanIn } from "../../suite/nn/initialise.ts";
import { linear } from "../../suite/nn/linear.ts";
import type { Model, ModelBuilder } from "../../suite/nn/model.ts";
import type { Tier } from "../../suite/results/schema.ts";

export interface MlpSize {
  /** Width of each layer from the input to the logits. */
  readonly widths: readonly number[];
  /** `he`: N(0, 2/fanIn). `pytorch`: U(±1/√fanIn), the default of `nn.Linear`. */
  readonly initialisation: "he" | "pytorch";
}

/**
 * `paper`: 28×28 digits, two hidden layers of 2048 (appendix C). `mini` and `smoke`: digits of 14×14,
 * two hidden layers of 128.
 */
export const MLP_WIDTHS: Readonly<Record<Tier, MlpSize["widths"]>> = {
  paper: [784, 2048, 2048, 10],
  mini: [196, 128, 128, 10],
  smoke: [196, 128, 128, 10],
};

/** Images `[n, …]` of widths[0] values to logits `[n, classes]`. */
export function buildMlp(builder: ModelBuilder, { widths, initialisation }: MlpSize): Model {
  const initialWeight = initialisation === "he" ? heNormal : uniformByFanIn;
  const last = widths.length - 2;
  const layers = widths.slice(1).map((dOut, index) =>
    linear(builder, `layers.${index}`, {
      dIn: widths[index] as number,
      dOut,
      bias: false,
      place: index === 0 ? "first" : index === last ? "head" : "hidden",
      initialWeight,
    }),
  );
  return builder.build((images, pass) => {
    let x: tf.Tensor = tf.reshape(images, [images.shape[0] as number, -1]);
    layers.forEach((layer, index) => {
      x = layer(x, pass);
      if (index < last) x = tf.relu(x);
    });
    return x as tf.Tensor2D;
  });
}
