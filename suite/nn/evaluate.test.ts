import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { useBackend } from "../engine/index.ts";
import { evaluateBatch, type Pass, type PassRequest } from "./evaluate.ts";
import type { Model } from "./model.ts";
import type { KroneckerLayer } from "./parameter.ts";
import {
  convolutional,
  directionOf,
  EVERYTHING,
  labels,
  OPTIONS,
  perceptron,
  SUBJECTS,
  type Subject,
  uniforms,
  withSubject,
} from "./testing/subjects.ts";
import { expectClose, relativeDistance, TESTED_BACKENDS } from "./testing/support.ts";

/** hᵀδ: what a layer's observation says that its weight's gradient is, `[dIn, dOut]`. */
function outerProducts(
  layer: KroneckerLayer,
  inputs: tf.Tensor,
  gradients: tf.Tensor2D,
): tf.Tensor2D {
  return layer.kind === "embedding"
    ? (tf.unsortedSegmentSum(gradients, inputs as tf.Tensor1D, layer.dIn) as tf.Tensor2D)
    : tf.matMul(inputs as tf.Tensor2D, gradients, true, false);
}

/** Σ over the layers that a parameter serves of hᵀδ, in the parameter's shape. */
function fromObservations(
  { model }: Subject,
  pass: Pass,
  name: string,
  which: "outputGradients" | "sampledOutputGradients",
): tf.Tensor {
  const { variable } = model.parameters.find((p) => p.name === name) as { variable: tf.Variable };
  const addends = model.layers
    .filter(({ weight }) => weight.name === name)
    .map((layer) => {
      const observation = pass.observations.get(layer);
      const gradient = outerProducts(
        layer,
        observation?.inputs as tf.Tensor,
        observation?.[which] as tf.Tensor2D,
      );
      const isTiedHead = layer.tied && layer.kind === "linear";
      return tf.reshape(isTiedHead ? tf.transpose(gradient) : gradient, variable.shape);
    });
  return tf.addN(addends);
}

describe.each(TESTED_BACKENDS)("evaluateBatch on the %s backend", (backend) => {
  let tensors = 0;
  beforeAll(async () => {
    await useBackend({ backend, threads: 1 });
    tensors = tf.memory().numTensors;
  });
  // Every test also proves that no tensor is left behind.
  afterEach(() => expect(tf.memory().numTensors).toBe(tensors));

  describe.each(Object.entries(SUBJECTS))("of %s", (_, make) => {
    it("shows input rows and output gradients whose product is the weight's gradient", () => {
      withSubject(make, (subject) => {
        const { model, batch } = subject;
        const pass = evaluateBatch(model, batch, EVERYTHING, OPTIONS);
        expect(pass.observations.size).toBe(model.layers.length);
        for (const [index, { name: parameter }] of model.parameters.entries()) {
          if (!model.layers.some(({ weight }) => weight.name === parameter)) continue;
          const shown = fromObservations(subject, pass, parameter, "outputGradients");
          expectClose(shown, pass.gradients[index] as tf.Tensor);
          const sampled = fromObservations(subject, pass, parameter, "sampledOutputGradients");
          expectClose(sampled, pass.sampledGradients?.[index] as tf.Tensor);
        }
      });
    });

    it("shows biases' gradients as sums of output gradients, and pre-activations as h·W + b", () => {
      withSubject(make, ({ model, batch }) => {
        const pass = evaluateBatch(model, batch, EVERYTHING, OPTIONS);
        for (const [layer, observation] of pass.observations) {
          const { inputs, preactivations, outputGradients, rows, positions } = observation;
          expect(preactivations?.shape).toEqual([rows, layer.dOut]);
          expect(rows).toBe(positions * batch.examples);
          const { bias, weight, kind } = layer;
          if (bias) {
            const index = model.parameters.indexOf(bias);
            expectClose(
              tf.sum(outputGradients as tf.Tensor, 0),
              pass.gradients[index] as tf.Tensor,
            );
          }
          if (kind === "embedding") continue;
          const matrix = layer.tied
            ? tf.transpose(weight.variable as tf.Tensor)
            : tf.reshape(weight.variable, [layer.dIn, layer.dOut]);
          const product = tf.matMul(inputs as tf.Tensor2D, matrix as tf.Tensor2D);
          expectClose(preactivations as tf.Tensor, bias ? tf.add(product, bias.variable) : product);
        }
      });
    });

    it("draws labels from the model at the given uniforms", () => {
      withSubject(make, ({ model, batch }) => {
        const pass = evaluateBatch(model, batch, EVERYTHING, OPTIONS);
        const logits = model.apply(batch.inputs, { training: true, updateStatistics: false });
        const probabilities = tf.softmax(logits).arraySync();
        const given = uniforms(batch.labels.size);
        const drawn = probabilities.map((row, i) => {
          let sum = 0;
          return row.findIndex((p) => {
            sum += p;
            return sum > (given[i] as number);
          });
        });
        // The same as an evaluation whose true labels are the drawn ones, without smoothing.
        const relabelled = { ...batch, labels: tf.tensor1d(drawn, "int32") };
        const again = evaluateBatch(
          model,
          relabelled,
          { outputGradients: true },
          { ...OPTIONS, labelSmoothing: 0 },
        );
        for (const [layer, { sampledOutputGradients }] of pass.observations) {
          const { outputGradients } = again.observations.get(layer) ?? {};
          expectClose(sampledOutputGradients as tf.Tensor, outputGradients as tf.Tensor);
        }
        model.parameters.forEach((_, i) => {
          expectClose(pass.sampledGradients?.[i] as tf.Tensor, again.gradients[i] as tf.Tensor);
        });
      });
    });

    it("multiplies by the Hessian, as finite differences do, beside everything else", () => {
      withSubject(make, ({ model, batch }) => {
        const probe = directionOf(model);
        const plain = evaluateBatch(model, batch, EVERYTHING, OPTIONS);
        const probed = evaluateBatch(model, batch, { ...EVERYTHING, probe }, OPTIONS);
        plain.gradients.forEach((gradient, i) => {
          expectClose(probed.gradients[i] as tf.Tensor, gradient);
        });
        for (const [layer, { outputGradients }] of plain.observations) {
          const { outputGradients: same } = probed.observations.get(layer) ?? {};
          expectClose(same as tf.Tensor, outputGradients as tf.Tensor);
        }
        const gradientsAt = (step: number) => {
          move(model, probe, step);
          const { gradients } = evaluateBatch(model, batch, {}, OPTIONS);
          move(model, probe, -step);
          return gradients;
        };
        const [ahead, behind] = [gradientsAt(2e-3), gradientsAt(-2e-3)];
        const differences = ahead.map((g, i) => tf.div(tf.sub(g, behind[i] as tf.Tensor), 4e-3));
        expect(relativeDistance(differences, probed.hessianVector ?? [])).toBeLessThan(0.05);
      });
    });
  });

  it("expects sampled output gradients of zero", () => {
    withSubject(perceptron, ({ model, batch }) => {
      const count = 1000;
      const inputs = tf.tile(tf.slice(batch.inputs, [2, 0], [1, 5]), [count, 1]);
      const pass = evaluateBatch(
        model,
        { inputs, labels: labels(count, 3), examples: count },
        { sampledOutputGradients: true },
        // Evenly spread draws: the sum over them is the expectation.
        {
          ...OPTIONS,
          drawUniforms: () => Float32Array.from({ length: count }, (_, i) => (i + 0.5) / count),
        },
      );
      for (const { sampledOutputGradients } of pass.observations.values()) {
        const mean = tf.sum(sampledOutputGradients as tf.Tensor, 0).dataSync();
        for (const value of mean) expect(Math.abs(value)).toBeLessThan(2 / count);
      }
    });
  });

  it("leaves running moments alone when a batch is repeated", () => {
    withSubject(
      () => convolutional(true),
      ({ model, batch }) => {
        const moments = () => model.buffers.map(({ variable }) => Array.from(variable.dataSync()));
        const start = moments();
        const evaluate = (request: PassRequest) =>
          tf.tidy(() => {
            evaluateBatch(model, batch, request, OPTIONS);
          });
        evaluate({ repeated: true });
        expect(moments()).toEqual(start);
        evaluate({});
        expect(moments()).not.toEqual(start);
      },
    );
  });
});

describe("evaluateBatch refuses", () => {
  it("to draw labels without uniforms, and micro-batches of no size", async () => {
    await useBackend({ backend: "reference" });
    withSubject(perceptron, ({ model, batch }) => {
      const evaluate = (request: PassRequest, options: object) => () =>
        evaluateBatch(model, batch, request, { ...OPTIONS, ...options });
      expect(evaluate({ sampledGradients: true }, { drawUniforms: undefined })).toThrow(
        "give `drawUniforms`",
      );
      for (const microBatchSize of [0, 1.5]) {
        expect(evaluate({}, { microBatchSize })).toThrow("whole number of at least 1");
      }
    });
  });
});

/** θ ← θ + step·direction */
function move(model: Model, directions: readonly tf.Tensor[], step: number): void {
  model.parameters.forEach(({ variable }, i) => {
    variable.assign(tf.add(variable, tf.mul(directions[i] as tf.Tensor, step)));
  });
}
