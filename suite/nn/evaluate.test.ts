import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { engineCounters, resetEngineCounters, useBackend } from "../engine/index.ts";
import { batchNorm } from "./batch-norm.ts";
import { convolution } from "./convolution.ts";
import { type Batch, evaluateBatch, type Pass, type PassRequest } from "./evaluate.ts";
import { buildGpt } from "./gpt.ts";
import { type Apply, linear } from "./linear.ts";
import { crossEntropy } from "./losses.ts";
import { disposeModel, type Model, ModelBuilder } from "./model.ts";
import type { KroneckerLayer } from "./parameter.ts";
import { patchEmbedding } from "./patch-embedding.ts";
import { globalAveragePool } from "./pool.ts";
import { expectClose, TESTED_BACKENDS, testRandom } from "./test-support.ts";

const SMOOTHING = 0.1;
const EVERYTHING: PassRequest = {
  inputs: true,
  preactivations: true,
  outputGradients: true,
  sampledOutputGradients: true,
  sampledGradients: true,
};

interface Subject {
  readonly model: Model;
  readonly batch: Batch;
}

function labels(count: number, classes: number): tf.Tensor1D {
  return tf.tensor1d(
    Array.from({ length: count }, (_, i) => (i * 7 + 1) % classes),
    "int32",
  );
}

const random = (shape: number[], seed: number) =>
  tf.tensor(testRandom(seed).normal(shape.reduce((product, side) => product * side, 1)), shape);

// Softplus instead of ReLU throughout: finite differences need smooth functions.
function perceptron(): Subject {
  const builder = new ModelBuilder(testRandom());
  const first = linear(builder, "first", { dIn: 5, dOut: 4, bias: true, place: "first" });
  const second = linear(builder, "second", { dIn: 4, dOut: 4, bias: false });
  const head = linear(builder, "head", { dIn: 4, dOut: 3, bias: true, place: "head" });
  const model = builder.build(
    (x, pass) => head(tf.softplus(second(tf.softplus(first(x, pass)), pass)), pass) as tf.Tensor2D,
  );
  return { model, batch: { inputs: random([7, 5], 3), labels: labels(7, 3), examples: 7 } };
}

function convolutional(normalised: boolean): Subject {
  const builder = new ModelBuilder(testRandom());
  const cut = patchEmbedding(builder, "cut", { channels: 2, patch: 2, width: 3 });
  const channels = { channelsIn: 3, channelsOut: 3 };
  const second = convolution(builder, "second", { ...channels, kernel: 3, stride: 2, padding: 1 });
  const norm: Apply = normalised ? batchNorm(builder, "norm", 3) : (x) => x;
  const head = linear(builder, "head", { dIn: 3, dOut: 4, bias: true, place: "head" });
  const model = builder.build((images, pass) => {
    const n = images.shape[0] as number;
    const hidden = tf.reshape(tf.softplus(cut(images, pass)), [n, 4, 3, 3]);
    const x = tf.softplus(norm(second(hidden, pass), pass));
    return head(globalAveragePool(x), pass) as tf.Tensor2D;
  });
  return { model, batch: { inputs: random([5, 8, 6, 2], 4), labels: labels(5, 4), examples: 5 } };
}

function language(tiedHead: boolean): Subject {
  const size = { layers: 2, heads: 2, width: 4, vocabulary: 5, block: 4, dropout: 0, tiedHead };
  const model = buildGpt(new ModelBuilder(testRandom()), size);
  // Initial weights of 0.02 leave attention uniform: make it choose.
  for (const { variable } of model.parameters) {
    tf.tidy(() => variable.assign(tf.mul(variable, variable.rank > 1 ? 20 : 1)));
  }
  const ids = [3, 1, 0, 2, 4, 4, 1, 3, 0, 2, 2, 1];
  const inputs = tf.tensor(ids, [4, 3], "int32");
  return { model, batch: { inputs, labels: labels(12, 5), examples: 4 } };
}

const SUBJECTS: Record<string, () => Subject> = {
  "a perceptron": perceptron,
  "a convolutional net": () => convolutional(false),
  "a language model": () => language(false),
  "a language model with a tied head": () => language(true),
};

const uniforms = (rows: number) => testRandom(9).uniform(rows);
const OPTIONS = {
  labelSmoothing: SMOOTHING,
  forward: { training: true },
  drawUniforms: uniforms,
};

/** hᵀδ: what a layer's observation says that its weight's gradient is, `[dIn, dOut]`. */
function product(layer: KroneckerLayer, inputs: tf.Tensor, gradients: tf.Tensor2D): tf.Tensor2D {
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
      const gradient = product(
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
  afterEach(() => expect(tf.memory().numTensors).toBe(tensors));

  describe.each(Object.keys(SUBJECTS))("of %s", (name) => {
    /** Every test also proves that no tensor is left behind. */
    function withSubject(check: (subject: Subject) => void): void {
      const subject = (SUBJECTS[name] as () => Subject)();
      const before = tf.memory().numTensors;
      try {
        tf.tidy(() => check(subject));
        expect(tf.memory().numTensors).toBe(before);
      } finally {
        disposeModel(subject.model);
        tf.dispose([subject.batch.inputs, subject.batch.labels]);
      }
    }

    it("shows input rows and output gradients whose product is the weight's gradient", () => {
      withSubject((subject) => {
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
      withSubject(({ model, batch }) => {
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
      withSubject(({ model, batch }) => {
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
      withSubject(({ model, batch }) => {
        const probe = model.parameters.map(({ variable }, i) => random(variable.shape, 11 + i));
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
        expect(distance(differences, probed.hessianVector ?? [])).toBeLessThan(0.05);
      });
    });

    it.each([1, 2, 3])("gives the same in micro-batches of %i", (microBatchSize) => {
      withSubject(({ model, batch }) => {
        const probe = model.parameters.map(({ variable }, i) => random(variable.shape, 11 + i));
        const request = { ...EVERYTHING, probe };
        const whole = evaluateBatch(model, batch, request, OPTIONS);
        const parts = evaluateBatch(model, batch, request, { ...OPTIONS, microBatchSize });
        expectClose(parts.loss, whole.loss);
        for (const list of ["gradients", "sampledGradients", "hessianVector"] as const) {
          expect(distance(parts[list] ?? [], whole[list] ?? [])).toBeLessThan(2e-5);
        }
        for (const [layer, wanted] of whole.observations) {
          const given = parts.observations.get(layer);
          expect(given?.rows).toBe(wanted.rows);
          expect(given?.positions).toBe(wanted.positions);
          for (const what of [
            "inputs",
            "preactivations",
            "outputGradients",
            "sampledOutputGradients",
          ] as const) {
            expectClose(given?.[what] as tf.Tensor, wanted[what] as tf.Tensor);
          }
        }
      });
    });
  });

  it("expects sampled output gradients of zero", () => {
    const { model, batch } = perceptron();
    tf.tidy(() => {
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
    disposeModel(model);
    tf.dispose([batch.inputs, batch.labels]);
  });

  it("leaves running moments alone when a batch is repeated", () => {
    const { model, batch } = convolutional(true);
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
    disposeModel(model);
    tf.dispose([batch.inputs, batch.labels]);
  });

  it("runs no kernel for what is not asked for", () => {
    const { model, batch } = convolutional(true);
    const request = { inputs: true, preactivations: true, outputGradients: true };
    const plain = kernels(() => evaluateBatch(model, batch, {}, OPTIONS));
    const bare = kernels(() => {
      const sources = model.parameters.map(({ variable }) => variable);
      const pass = { training: true, updateStatistics: true };
      tf.engine().gradients(
        () => crossEntropy(model.apply(batch.inputs, pass), batch.labels, SMOOTHING),
        sources,
        undefined,
        true,
      );
    });
    expect(plain).toEqual(bare);
    const observing = kernels(() => evaluateBatch(model, batch, request, OPTIONS));
    expect(observing.filter((name) => name !== "Identity").sort()).toEqual(
      plain.filter((name) => name !== "Identity").sort(),
    );
    disposeModel(model);
    tf.dispose([batch.inputs, batch.labels]);
  });

  it("computes no weight gradients in the pass for sampled labels, and none for the input", () => {
    const { model, batch } = perceptron();
    const products = (request: PassRequest) =>
      kernels(() => evaluateBatch(model, batch, request, OPTIONS)).filter(
        (name) => name === "BatchMatMul",
      ).length;
    const layers = 3;
    expect(products({})).toBe(layers + 2 * layers - 1);
    expect(products({ sampledOutputGradients: true })).toBe(layers + 2 * layers - 1 + layers - 1);
    disposeModel(model);
    tf.dispose([batch.inputs, batch.labels]);
  });

  it("makes a convolution's patches only when they are read", () => {
    const { model, batch } = convolutional(false);
    const cut = () =>
      kernels(() => {
        const pass = evaluateBatch(model, batch, { inputs: true }, OPTIONS);
        read(pass);
      }).filter((name) => name === "Concat").length;
    let read: (pass: Pass) => void = () => {};
    expect(cut()).toBe(0);
    read = (pass) => {
      const observation = pass.observations.get(model.layers[1] as KroneckerLayer);
      expect(observation?.inputs).toBe(observation?.inputs);
    };
    expect(cut()).toBe(1);
    disposeModel(model);
    tf.dispose([batch.inputs, batch.labels]);
  });
});

it("runs each micro-batch before it records the next, on a lazy backend", async () => {
  await useBackend({ backend: "onnxruntime", threads: 1 });
  const { model, batch } = perceptron();
  const runs = (microBatchSize: number) => {
    resetEngineCounters();
    tf.tidy(() => {
      const pass = evaluateBatch(model, batch, {}, { ...OPTIONS, microBatchSize });
      pass.loss.dataSync();
    });
    return engineCounters();
  };
  expect(runs(7).runs).toBe(1);
  expect(runs(3).runs).toBe(3);
  // The two whole parts and the last, smaller one; then nothing new.
  expect(runs(3).compiles).toBe(0);
  disposeModel(model);
  tf.dispose([batch.inputs, batch.labels]);
});

describe("evaluateBatch refuses", () => {
  it("to draw labels without uniforms, and micro-batches of no size", async () => {
    await useBackend({ backend: "reference" });
    const { model, batch } = perceptron();
    const evaluate = (request: PassRequest, options: object) => () =>
      tf.tidy(() => evaluateBatch(model, batch, request, { ...OPTIONS, ...options }).loss);
    expect(evaluate({ sampledGradients: true }, { drawUniforms: undefined })).toThrow(
      "give `drawUniforms`",
    );
    for (const microBatchSize of [0, 1.5]) {
      expect(evaluate({}, { microBatchSize })).toThrow("whole number of at least 1");
    }
    disposeModel(model);
    tf.dispose([batch.inputs, batch.labels]);
  });
});

/** θ ← θ + step·direction */
function move(model: Model, directions: readonly tf.Tensor[], step: number): void {
  model.parameters.forEach(({ variable }, i) => {
    variable.assign(tf.add(variable, tf.mul(directions[i] as tf.Tensor, step)));
  });
}

/** Norm of the difference over all tensors together, as a share of the wanted ones' norm. */
function distance(given: readonly tf.Tensor[], wanted: readonly tf.Tensor[]): number {
  expect(given.length).toBe(wanted.length);
  const norm = (list: readonly tf.Tensor[]) =>
    Math.sqrt(list.reduce((sum, x) => sum + (tf.sum(tf.square(x)).dataSync()[0] as number), 0));
  return norm(given.map((x, i) => tf.sub(x, wanted[i] as tf.Tensor))) / norm(wanted);
}

/** Names of the kernels that `work` calls, in order. */
function kernels(work: () => void): string[] {
  const engine = tf.engine() as unknown as { runKernel: (...call: [string]) => unknown };
  const original = engine.runKernel;
  const names: string[] = [];
  engine.runKernel = (...call) => {
    names.push(call[0]);
    return original.apply(engine, call);
  };
  try {
    tf.tidy(() => {
      work();
    });
  } finally {
    engine.runKernel = original;
  }
  return names;
}
