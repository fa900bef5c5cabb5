/**
 * @file Milliseconds per step of every optimizer on a few models, all in one run: the methods take
 * turns step by step, so that a machine whose speed drifts is fair to all.
 */
import * as tf from "@tensorflow/tfjs-core";
import { stream } from "../data/prng.ts";
import { flush, readCost, startCost, stopCost } from "../engine/index.ts";
import { convolution } from "../nn/convolution.ts";
import { buildGpt } from "../nn/gpt.ts";
import { linear } from "../nn/linear.ts";
import { disposeModel, type Model, ModelBuilder } from "../nn/model.ts";
import { globalAveragePool } from "../nn/pool.ts";
import type { Optimizer, OptimizerDeclaration } from "../optimizer/declaration.ts";
import type { Configuration } from "../optimizer/search.ts";
import { withBatch } from "../train/batch-problem.ts";
import type { RawBatch } from "../train/data.ts";

export interface StepModel {
  readonly name: string;
  readonly batchSize: number;
  readonly shape: readonly number[];
  readonly classes: number;
  /** Token models: labels per example. */
  readonly tokens?: number;
  build(builder: ModelBuilder): Model;
}

function mlp(widths: readonly number[], batchSize: number): StepModel {
  return {
    name: `MLP ${widths.join("-")}`,
    batchSize,
    shape: [widths[0] as number],
    classes: widths.at(-1) as number,
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
  classes: 10,
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
    const head = linear(builder, "head", { dIn: 32, dOut: 10, bias: true, place: "head" });
    return builder.build((images, pass) => {
      let x = images;
      for (const layer of layers) x = tf.relu(layer(x, pass));
      return head(globalAveragePool(x), pass) as tf.Tensor2D;
    });
  },
};

const GPT: StepModel = {
  name: "GPT 3 layers, 48 wide, 64 tokens",
  batchSize: 8,
  shape: [64],
  classes: 65,
  tokens: 64,
  build: (builder) =>
    buildGpt(builder, {
      layers: 3,
      heads: 3,
      width: 48,
      vocabulary: 65,
      block: 64,
      dropout: 0,
      tiedHead: false,
    }),
};

export const STEP_MODELS: readonly StepModel[] = [
  mlp([784, 128, 128, 10], 32),
  mlp([784, 256, 256, 10], 128),
  mlp([784, 512, 512, 10], 128),
  CONVOLUTIONAL,
  GPT,
];

export interface StepMeasurement {
  readonly model: string;
  readonly batchSize: number;
  readonly optimizer: string;
  /** Intervals of statistics and of inverses; `never`: after the first step. */
  readonly intervals: "1" | "statistics 1, inverses never" | "never" | "none";
  readonly medianMs: number;
  readonly minimumMs: number;
  /** Of one step, as counted. */
  readonly flops: number;
}

interface Runner {
  readonly optimizer: string;
  readonly intervals: StepMeasurement["intervals"];
  readonly step: () => void;
  readonly flops: () => number;
  readonly dispose: () => void;
  readonly times: number[];
}

const NEVER = 1_000_000_000;
const WARM_UP = 3;

/** Measures every method on a model; `rounds` timed steps of each. */
export function measureSteps(
  model: StepModel,
  optimizers: readonly OptimizerDeclaration[],
  rounds: number,
): StepMeasurement[] {
  const batch = madeBatch(model);
  const runners = optimizers.flatMap((optimizer) =>
    variantsOf(optimizer).map(([intervals, given]) =>
      runnerOf(model, batch, optimizer, intervals, given),
    ),
  );
  for (let round = 0; round < WARM_UP; round++) for (const { step } of runners) step();
  for (let round = 0; round < rounds; round++) {
    for (const { step, times } of runners) {
      const began = performance.now();
      step();
      times.push(performance.now() - began);
    }
  }
  return runners.map(({ optimizer, intervals, times, flops, dispose }) => {
    times.sort((a, b) => a - b);
    const counted = flops();
    dispose();
    return {
      model: model.name,
      batchSize: model.batchSize,
      optimizer,
      intervals,
      medianMs: rounded(times[times.length >> 1] as number),
      minimumMs: rounded(times[0] as number),
      flops: counted,
    };
  });
}

/** Methods with intervals are measured with every part on, without inverses, and with neither. */
function variantsOf({
  hyperparameters,
}: OptimizerDeclaration): [StepMeasurement["intervals"], Configuration][] {
  const names = Object.keys(hyperparameters.shape);
  if (!names.includes("curvatureInterval")) return [["none", {}]];
  const inverse = names.includes("inverseInterval");
  const given = (curvatureInterval: number, inverseInterval: number): Configuration => ({
    curvatureInterval,
    ...(inverse && { inverseInterval }),
  });
  return [
    ["1", given(1, 1)],
    ...(inverse
      ? [
          ["statistics 1, inverses never", given(1, NEVER)] as [
            StepMeasurement["intervals"],
            Configuration,
          ],
        ]
      : []),
    ["never", given(NEVER, NEVER)],
  ];
}

function runnerOf(
  size: StepModel,
  batch: RawBatch,
  declaration: OptimizerDeclaration,
  intervals: StepMeasurement["intervals"],
  given: Configuration,
): Runner {
  const model = size.build(new ModelBuilder(stream(1, "init")));
  const optimizer: Optimizer = declaration.create({
    hyperparameters: declaration.hyperparameters.parse({ ...given, learningRate: 1e-4 }),
    parameters: model.parameters,
    layers: model.layers,
    random: (name) => stream(1, name),
  });
  const labels = stream(1, "labels");
  let done = 0;
  const step = () => {
    withBatch(
      model,
      batch,
      size.shape,
      { labelSmoothing: 0, dropout: labels, labels },
      (problem) => {
        optimizer.step(problem, { step: done++, rateFactor: 1, progress: 0.5 }).dispose();
      },
    );
    flush();
  };
  const flops = () => {
    startCost();
    step();
    const { flops: counted } = readCost();
    stopCost();
    return counted;
  };
  const dispose = () => {
    optimizer.state.dispose();
    disposeModel(model);
  };
  return { optimizer: declaration.id, intervals, step, flops, dispose, times: [] };
}

function madeBatch({ batchSize, shape, classes, tokens = 1 }: StepModel): RawBatch {
  const random = stream(1, "made");
  const size = batchSize * shape.reduce((product, one) => product * one, 1);
  const ids = (count: number) => Int32Array.from({ length: count }, () => random.integer(classes));
  return {
    inputs: tokens > 1 ? ids(size) : random.normal(size),
    labels: ids(batchSize * tokens),
  };
}

const rounded = (milliseconds: number): number => Number(milliseconds.toPrecision(4));
