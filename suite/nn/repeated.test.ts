import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { flush, useBackend } from "../engine/index.ts";
import { type EvaluateOptions, evaluateBatch, type Pass, type PassRequest } from "./evaluate.ts";
import { buildGpt } from "./gpt.ts";
import { linear } from "./linear.ts";
import { type Model, ModelBuilder } from "./model.ts";
import type { Batch } from "./pass.ts";
import {
  convolutional,
  directionOf,
  EVERYTHING,
  labels,
  OPTIONS,
  perceptron,
  random,
  SUBJECTS,
  type Subject,
  withSubject,
} from "./testing/subjects.ts";
import { testRandom } from "./testing/support.ts";

beforeAll(async () => {
  await useBackend({ threads: 1 });
});

/** The model, and how often it was applied. */
function watched(model: Model): Model & { applied: number } {
  const counted = {
    ...model,
    applied: 0,
    apply: (...given: Parameters<Model["apply"]>) => {
      counted.applied++;
      return model.apply(...given);
    },
  };
  return counted;
}

/** All that a pass shows. */
function valuesOf({ loss, gradients, sampledGradients = [], hessianVector = [], ...pass }: Pass) {
  const observations = [...pass.observations.values()];
  const shown = observations.flatMap((one) => [
    one.inputs,
    one.preactivations,
    one.outputGradients,
    one.sampledOutputGradients,
  ]);
  const tensors = [loss, ...gradients, ...sampledGradients, ...hessianVector, ...shown];
  const rows = observations.map((one) => [one.rows, one.positions]);
  return [...tensors.map((tensor) => tensor && [...tensor.dataSync()]), ...rows];
}

/** In every step the pass must be what a model makes that was never applied before. */
function follow(
  make: () => Subject,
  requestOf: (step: number, model: Model) => PassRequest,
  { steps = 5, optionsOf = (_: number): EvaluateOptions => OPTIONS } = {},
) {
  let applied = 0;
  withSubject(make, ({ model, batch }) => {
    const known = watched(model);
    for (let step = 0; step < steps; step++) {
      tf.tidy(() => {
        const given = step % 2 ? { ...batch, labels: tf.reverse(batch.labels) } : batch;
        flush();
        const request = requestOf(step, model);
        const [pass, first] = [known, { ...model }].map((one) =>
          valuesOf(evaluateBatch(one, given, request, optionsOf(step))),
        );
        expect(pass).toEqual(first);
        for (const { variable } of model.parameters) {
          variable.assign(tf.add(variable, random(variable.shape, step).mul(0.01)));
        }
        flush();
      });
    }
    applied = known.applied;
  });
  return applied;
}

describe.each(Object.entries(SUBJECTS))("a pass over %s", (_, make) => {
  it("is called twice, and then shows the same as if it were called", () => {
    expect(follow(make, () => EVERYTHING)).toBe(2);
    expect(follow(make, () => ({}))).toBe(2);
  });

  it("is another for another request", () => {
    const requests: PassRequest[] = [{}, { inputs: true }, { outputGradients: true }];
    const requestOf = (step: number) => requests[step % 3] as PassRequest;
    expect(follow(make, requestOf, { steps: 9 })).toBe(6);
  });

  it("is another with other settings, and in parts", () => {
    const smoothed = (step: number) => ({ ...OPTIONS, labelSmoothing: step % 2 ? 0.1 : 0 });
    expect(follow(make, () => ({}), { steps: 6, optionsOf: smoothed })).toBe(4);
    withSubject(make, ({ model, batch }) => {
      const rows = batch.labels.size / batch.examples;
      const pick = (x: tf.Tensor, count: number) =>
        tf.gather(
          x,
          tf.tensor1d(
            Array.from({ length: count }, (_, i) => i),
            "int32",
          ),
        );
      // A batch that is what a part of the other is.
      const small = (): Batch => ({
        inputs: pick(batch.inputs, 2),
        labels: pick(batch.labels, 2 * rows) as tf.Tensor1D,
        examples: 2,
      });
      const micro = { ...OPTIONS, microBatchSize: 2 };
      for (let step = 0; step < 8; step++) {
        tf.tidy(() => {
          const [pass, first] = [model, { ...model }].map((one) => {
            flush();
            const parts = step % 4 < 3;
            const [given, options] = parts ? [batch, micro] : [small(), OPTIONS];
            return valuesOf(evaluateBatch(one, given, EVERYTHING, options));
          });
          expect(pass).toEqual(first);
        });
      }
    });
  });

  it("shows products with the Hessian", () => {
    expect(follow(make, (_, model) => ({ probe: directionOf(model) }))).toBeLessThanOrEqual(5);
  });
});

describe("a pass is called in every step", () => {
  it("with dropout, whose masks differ", () => {
    const size = { layers: 1, heads: 2, width: 4, vocabulary: 5, block: 4, tiedHead: false };
    const make = (): Subject => ({
      model: buildGpt(new ModelBuilder(testRandom()), { ...size, dropout: 0.5 }),
      batch: {
        inputs: tf.tensor([3, 1, 0, 2, 4, 4, 1, 3], [2, 4], "int32"),
        labels: labels(8, 5),
        examples: 2,
      },
    });
    withSubject(make, ({ model, batch }) => {
      const known = watched(model);
      const dropout = testRandom();
      const options = { ...OPTIONS, forward: { training: true, dropout } };
      const losses = [1, 2, 3, 4, 5].map(
        () => evaluateBatch(known, batch, {}, options).loss.dataSync()[0],
      );
      expect(new Set(losses).size).toBe(5);
      expect(known.applied).toBe(5);
    });
  });

  it("with running moments, which move", () => {
    withSubject(
      () => convolutional(true),
      ({ model, batch }) => {
        const known = watched(model);
        const [variance] = model.buffers.slice(-1);
        const seen = [1, 2, 3, 4].map(() => {
          tf.tidy(() => void evaluateBatch(known, batch, {}, OPTIONS));
          return variance?.variable.dataSync()[0];
        });
        expect(new Set(seen).size).toBe(4);
        expect(known.applied).toBe(4);
      },
    );
  });
});

it("names a parameter that the loss does not depend on", () => {
  withSubject(perceptron, ({ batch }) => {
    const builder = new ModelBuilder(testRandom());
    const head = linear(builder, "head", { dIn: 5, dOut: 3, bias: true, place: "head" });
    linear(builder, "unused", { dIn: 5, dOut: 3, bias: false });
    const model = builder.build((x, pass) => head(x, pass) as tf.Tensor2D);
    expect(() => evaluateBatch(model, batch, {}, OPTIONS)).toThrow(
      'The loss does not depend on the parameter "unused.weight"',
    );
    for (const { variable } of model.parameters) variable.dispose();
  });
});
