/** @file The engine as a contestant: workloads on the tfjs API, on the backend named first. */
import * as tf from "@tensorflow/tfjs-core";
import { buildMinGpt } from "../../../tasks/bookcorpus-mingpt/model.ts";
import { buildResNet18 } from "../../../tasks/cifar-resnet18/model.ts";
import { buildMlp } from "../../../tasks/mnist-mlp/model.ts";
import { stream } from "../../data/prng.ts";
import { spdInverse } from "../../linalg/index.ts";
import { evaluateBatch } from "../../nn/evaluate.ts";
import { crossEntropy } from "../../nn/losses.ts";
import { type Model, ModelBuilder } from "../../nn/model.ts";
import { loadOptimizer } from "../../protocol/registry.ts";
import type { BackendName } from "../index.ts";
import { EngineError, flush, readCost, startCost, stopCost, useBackend } from "../index.ts";
import type { Workload } from "./protocol.ts";
import { type Prepared, serve } from "./serve.ts";
import { adamW, sgdMomentum, type Update } from "./updates.ts";

const [backend, threads] = [process.argv[2] as BackendName, Number(process.argv[3])];
const random = stream(1, "init");

interface Batch {
  readonly inputs: () => tf.Tensor;
  readonly labels: Int32Array;
}

const cyclic = (length: number, classes: number) =>
  Int32Array.from({ length }, (_, i) => i % classes);

function images(batch: number, shape: number[]): Batch {
  const values = random.normal(batch * shape.reduce((product, dim) => product * dim, 1));
  return { inputs: () => tf.tensor(values, [batch, ...shape]), labels: cyclic(batch, 10) };
}

function characters(batch: number, block: number, vocabulary: number): Batch {
  const ids = cyclic(batch * block, vocabulary);
  return { inputs: () => tf.tensor2d(ids, [batch, block], "int32"), labels: ids };
}

/** One update with the batch written from JavaScript and the loss read back, as in training. */
function trainingStep(model: Model, update: (model: Model) => Update, batch: Batch): () => void {
  const move = update(model);
  const variables = model.parameters.map(({ variable }) => variable);
  return () => {
    tf.tidy(() => {
      const [inputs, labels] = [batch.inputs(), tf.tensor1d(batch.labels, "int32")];
      const { value, grads } = tf.variableGrads(
        () => crossEntropy(model.apply(inputs, { training: true, updateStatistics: true }), labels),
        variables,
      );
      move(grads);
      return value;
    }).dispose();
  };
}

/** The same by one of Crossover's optimizers, with its clipping, decay and schedule. */
async function optimizerStep(id: string, model: Model, batch: Batch): Promise<() => void> {
  const declaration = await loadOptimizer(id);
  const optimizer = declaration.create({
    hyperparameters: declaration.hyperparameters.parse({}),
    parameters: model.parameters,
    layers: model.layers,
    random: (name) => stream(1, name),
  });
  let step = 0;
  return () => {
    tf.tidy(() => {
      const tensors = { inputs: batch.inputs(), labels: tf.tensor1d(batch.labels, "int32") };
      const examples = tensors.inputs.shape[0] as number;
      const options = { labelSmoothing: 0, forward: { training: true }, drawUniforms };
      const problem = {
        examples,
        terms: batch.labels.length,
        evaluate: (request = {}) =>
          evaluateBatch(model, { ...tensors, examples }, request, options),
      };
      return optimizer.step(problem, { step: step++, rateFactor: 1, progress: 0 });
    }).dispose();
  };
}

const drawUniforms = (rows: number) => random.uniform(rows);

function inverseStep(order: number): () => void {
  const matrix = tf.tidy(() => {
    const x = tf.tensor2d(random.normal(2 * order * order), [order, 2 * order]);
    return tf.div(tf.matMul(x, x, false, true), 2 * order) as tf.Tensor2D;
  });
  let inverse: tf.Tensor | undefined;
  return () => {
    // What is disposed of before the flush is never computed.
    inverse?.dispose();
    inverse = spdInverse(matrix, { damping: 1e-3 }).inverse;
  };
}

async function stepOf({ case: name, sizes }: Workload): Promise<(() => void) | null> {
  const size = (key: string) => sizes[key] as number;
  const builder = new ModelBuilder(random);
  const wide = () =>
    buildMlp(builder, {
      widths: [size("inputs"), size("hidden"), size("hidden"), 10],
      initialisation: "he",
    });
  switch (name) {
    case "mlp":
      return trainingStep(wide(), sgdMomentum, images(size("batch"), [size("inputs")]));
    case "optimizer":
      return optimizerStep(sizes.id as string, wide(), images(size("batch"), [size("inputs")]));
    case "resnet18": {
      const model = buildResNet18(builder, { width: size("width"), classes: 10 });
      return trainingStep(model, sgdMomentum, images(size("batch"), [32, 32, 3]));
    }
    case "gpt": {
      const [layers, heads, width] = [size("layers"), size("heads"), size("width")];
      const [block, vocabulary] = [size("block"), size("vocabulary")];
      const model = buildMinGpt(builder, { layers, heads, width, block, vocabulary, dropout: 0 });
      return trainingStep(model, adamW, characters(size("batch"), block, vocabulary));
    }
    case "spd-inverse":
      return inverseStep(size("order"));
    default:
      return null;
  }
}

/** `stepsPerGraph` steps are recorded before they run. */
async function prepare(workload: Workload): Promise<Prepared | null> {
  const step = await stepOf(workload);
  if (step === null) return null;
  const stepsPerCall = workload.stepsPerGraph ?? 1;
  startCost();
  step();
  flush();
  const { flops } = readCost();
  stopCost();
  return {
    step: () => {
      for (let i = 0; i < stepsPerCall; i++) step();
      flush();
    },
    stepsPerCall,
    flops,
    dispose: () => tf.disposeVariables(),
  };
}

const { runtimeVersion } = await useBackend({ backend, threads }).catch((error) => {
  console.error(error instanceof EngineError ? error.summary : error);
  process.exit(1);
});
await serve(runtimeVersion, prepare);
