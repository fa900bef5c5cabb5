/** @file One optimizer training the perceptron of tier mini, step by step. */
import * as tf from "@tensorflow/tfjs-core";
import { stream, trainingBatches } from "../../../suite/data/browser.ts";
import { countCorrect } from "../../../suite/nn/losses.ts";
import { type Model, ModelBuilder } from "../../../suite/nn/model.ts";
import type { OptimizerDeclaration } from "../../../suite/optimizer/declaration.ts";
import { rateFactor } from "../../../suite/optimizer/schedule.ts";
import { withBatch } from "../../../suite/train/batch-problem.ts";
import { buildMlp, MLP_WIDTHS } from "../../../tasks/mnist-mlp/model.ts";
import { type Digits, preparation, prepared } from "./digits.ts";
import type { RacerOrder, RacerPoint } from "./messages.ts";

const LABEL_SMOOTHING = 0.1;

export interface Racer {
  readonly steps: number;
  readonly stepsPerEpoch: number;
  step(): void;
  /** The record since the last call; `evaluate` also looks at the test digits. */
  point(evaluate: boolean): RacerPoint;
}

/** Everything that training needs: the tier's model, schedule, smoothing and streams. */
export function createRacer(
  declaration: OptimizerDeclaration,
  digits: Digits,
  order: RacerOrder,
): Racer {
  const { seed, batchSize, epochs } = order;
  const model = buildMlp(new ModelBuilder(stream(seed, "init")), {
    widths: MLP_WIDTHS.mini,
    initialisation: "pytorch",
  });
  const known = Object.keys(declaration.hyperparameters.shape);
  const shared = { weightDecay: 1e-5, clipNorm: 10, ...order.hyperparameters };
  const given = Object.fromEntries(Object.entries(shared).filter(([name]) => known.includes(name)));
  const optimizer = declaration.create({
    hyperparameters: declaration.hyperparameters.parse(given),
    parameters: model.parameters,
    layers: model.layers,
    random: (name) => stream(seed, name),
  });
  const batches = trainingBatches({ examples: digits.train, preparation, batchSize, seed });
  const steps = epochs * batches.stepsPerEpoch;
  const streams = { dropout: stream(seed, "dropout"), labels: stream(seed, "labels") };
  const test = {
    inputs: tf.tensor(prepared(digits.test), [digits.test.rows.length, 14, 14, 1]),
    labels: tf.tensor1d(digits.test.labels, "int32"),
  };
  let done = 0;
  let losses = 0;
  let counted = 0;
  let milliseconds = 0;

  const train = (observe: boolean) => {
    const began = performance.now();
    const before = observe ? snapshot(model) : [];
    const seen = { updateNorm: Number.NaN, decrease: Number.NaN, diagnostics: {} };
    withBatch(
      model,
      batches.next(),
      preparation.shape,
      { labelSmoothing: LABEL_SMOOTHING, ...streams },
      (problem) => {
        const constant = declaration.schedule === "constant";
        const factor = rateFactor(
          { kind: "cosine", per: "epoch", warmupSteps: 0 },
          done,
          steps,
          batches.stepsPerEpoch,
        );
        const loss = optimizer.step(problem, {
          step: done,
          rateFactor: constant ? 1 : factor,
          progress: done / steps,
        });
        const value = loss.dataSync()[0] as number;
        loss.dispose();
        losses += value;
        counted++;
        done++;
        milliseconds += performance.now() - began;
        if (!observe) return;
        seen.updateNorm = relativeChange(model, before);
        const after = tf.tidy(() => problem.evaluate({}).loss.dataSync()[0] as number);
        seen.decrease = value - after;
        seen.diagnostics = optimizer.diagnose
          ? scalars(() => optimizer.diagnose?.(problem) ?? {})
          : {};
      },
    );
    return seen;
  };

  return {
    steps,
    stepsPerEpoch: batches.stepsPerEpoch,
    step: () => {
      train(false);
    },
    point: (evaluate) => {
      const seen = train(true);
      const point = {
        step: done,
        loss: losses / counted,
        accuracy: evaluate ? accuracyOf(model, test) : null,
        seconds: milliseconds / 1000,
        ...seen,
      };
      losses = 0;
      counted = 0;
      return point;
    },
  };
}

function snapshot({ parameters }: Model): tf.Tensor[] {
  return parameters.map(({ variable }) => tf.clone(variable));
}

/** ‖θ − before‖/‖before‖ over all parameters; disposes of `before`. */
function relativeChange({ parameters }: Model, before: readonly tf.Tensor[]): number {
  const [moved, size] = tf.tidy(() => {
    const squares = (tensors: readonly tf.Tensor[]) =>
      tf.addN(tensors.map((one) => tf.sum(tf.square(one))));
    const changes = parameters.map(({ variable }, i) => tf.sub(variable, before[i] as tf.Tensor));
    return [squares(changes).dataSync()[0] as number, squares(before).dataSync()[0] as number];
  });
  for (const tensor of before) tensor.dispose();
  return Math.sqrt(moved / size);
}

/** Diagnostics with one value each. */
function scalars(diagnose: () => Readonly<Record<string, tf.Tensor>>): Record<string, number> {
  return Object.fromEntries(
    tf.tidy(
      () =>
        Object.entries(diagnose()).flatMap(([name, tensor]) =>
          tensor.size === 1 ? [[name, tensor.dataSync()[0] as number] as const] : [],
        ) as never,
    ) as [string, number][],
  );
}

function accuracyOf(
  model: Model,
  { inputs, labels }: { inputs: tf.Tensor; labels: tf.Tensor1D },
): number {
  return tf.tidy(() => {
    const logits = model.apply(inputs, { training: false, updateStatistics: false });
    return (countCorrect(logits, labels).dataSync()[0] as number) / labels.size;
  });
}
