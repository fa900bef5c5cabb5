/** @file The models on which the step times of optimizers are compared. */
import * as tf from "@tensorflow/tfjs-core";
import { stream } from "../data/prng.ts";
import type { Workload } from "../engine/speed/protocol.ts";
import { convolution } from "../nn/convolution.ts";
import { buildGpt } from "../nn/gpt.ts";
import { linear } from "../nn/linear.ts";
import type { Model, ModelBuilder } from "../nn/model.ts";
import { globalAveragePool } from "../nn/pool.ts";
import type { RawBatch } from "../train/data.ts";

const CLASSES = 10;

export interface StepModel {
  readonly name: string;
  readonly batchSize: number;
  readonly shape: readonly number[];
  readonly classes: number;
  /** Token models: labels per example. */
  readonly tokens?: number;
  /** The same model as a peer knows it; the optimizer's name joins its sizes. */
  readonly peer: Workload;
  build(builder: ModelBuilder): Model;
}

function mlp(inputs: number, hidden: number, batchSize: number): StepModel {
  const widths = [inputs, hidden, hidden, CLASSES];
  return {
    name: `MLP ${widths.join("-")}`,
    batchSize,
    shape: [inputs],
    classes: CLASSES,
    peer: { case: "mlp", sizes: { inputs, hidden, batch: batchSize } },
    build: (builder) => {
      const layers = widths
        .slice(1)
        .map((dOut, i) =>
          linear(builder, `layers.${i}`, { dIn: widths[i] as number, dOut, bias: false }),
        );
      return builder.build((images, pass) => {
        let x = images;
        layers.forEach((layer, i) => {
          x = layer(x, pass);
          if (i < layers.length - 1) x = tf.relu(x);
        });
        return x as tf.Tensor2D;
      });
    },
  };
}

const CONVOLUTIONAL: StepModel = {
  name: "conv 3-16-32-32, 16x16",
  batchSize: 64,
  shape: [16, 16, 3],
  classes: CLASSES,
  peer: { case: "conv", sizes: { batch: 64, side: 16 } },
  build: (builder) => {
    const sizes = [3, 16, 32, 32];
    const layers = sizes.slice(1).map((channelsOut, i) =>
      convolution(builder, `conv${i}`, {
        channelsIn: sizes[i] as number,
        channelsOut,
        kernel: 3,
        stride: i === 0 ? 1 : 2,
        padding: 1,
      }),
    );
    const head = linear(builder, "head", { dIn: 32, dOut: CLASSES, bias: true, place: "head" });
    return builder.build((images, pass) => {
      let x = images;
      for (const layer of layers) x = tf.relu(layer(x, pass));
      return head(globalAveragePool(x), pass) as tf.Tensor2D;
    });
  },
};

const GPT_SIZE = { layers: 3, heads: 3, width: 48, vocabulary: 65, block: 64 };

const GPT: StepModel = {
  name: "GPT 3 layers, 48 wide, 64 tokens",
  batchSize: 8,
  shape: [GPT_SIZE.block],
  classes: GPT_SIZE.vocabulary,
  tokens: GPT_SIZE.block,
  peer: { case: "gpt", sizes: { ...GPT_SIZE, batch: 8 } },
  build: (builder) => buildGpt(builder, { ...GPT_SIZE, dropout: 0, tiedHead: false }),
};

export const STEP_MODELS: readonly StepModel[] = [
  mlp(784, 128, 32),
  mlp(784, 256, 128),
  mlp(784, 512, 128),
  CONVOLUTIONAL,
  GPT,
];

/** One batch of noise with labels, the same for every method. */
export function madeBatch({ batchSize, shape, classes, tokens = 1 }: StepModel): RawBatch {
  const random = stream(1, "made");
  const size = batchSize * shape.reduce((product, one) => product * one, 1);
  const ids = (count: number) => Int32Array.from({ length: count }, () => random.integer(classes));
  return {
    inputs: tokens > 1 ? ids(size) : random.normal(size),
    labels: ids(batchSize * tokens),
  };
}
