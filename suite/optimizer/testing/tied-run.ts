/** @file An optimizer training a small GPT whose head shares the token embedding's weight. */
import * as tf from "@tensorflow/tfjs-core";
import { evaluateBatch } from "../../nn/evaluate.ts";
import { buildGpt } from "../../nn/gpt.ts";
import { disposeModel, ModelBuilder } from "../../nn/model.ts";
import type { OptimizerDeclaration } from "../declaration.ts";
import { seededSource } from "./random.ts";

const SIZE = { layers: 1, heads: 2, width: 8, vocabulary: 7, block: 4, dropout: 0, tiedHead: true };
const EXAMPLES = 3;

/** The losses before each of some steps at the defaults, and whether all parameters stay finite. */
export function tiedHeadRun(
  declaration: OptimizerDeclaration,
  steps: number,
): { losses: number[]; finite: boolean } {
  const random = seededSource(7);
  const model = buildGpt(new ModelBuilder(random), SIZE);
  const { parameters, layers } = model;
  const optimizer = declaration.create({
    hyperparameters: declaration.hyperparameters.parse({}),
    parameters,
    layers,
    random: () => random,
  });
  const terms = EXAMPLES * SIZE.block;
  const ids = Int32Array.from({ length: terms }, (_, i) => (3 * i + 1) % SIZE.vocabulary);
  const inputs = tf.tensor2d(ids, [EXAMPLES, SIZE.block], "int32");
  const labels = tf.tensor1d(
    ids.map((id) => (id + 2) % SIZE.vocabulary),
    "int32",
  );
  const losses = Array.from({ length: steps }, (_, step) => {
    const problem = {
      examples: EXAMPLES,
      terms,
      evaluate: (request = {}) =>
        evaluateBatch(model, { inputs, labels, examples: EXAMPLES }, request, {
          labelSmoothing: 0.1,
          forward: { training: true },
          drawUniforms: (rows: number) => random.uniform(rows),
        }),
    };
    const loss = optimizer.step(problem, { step, rateFactor: 1, progress: step / steps });
    const [value] = loss.dataSync();
    loss.dispose();
    return value as number;
  });
  const finite = parameters.every(({ variable }) => variable.dataSync().every(Number.isFinite));
  optimizer.state.dispose();
  disposeModel(model);
  tf.dispose([inputs, labels]);
  return { losses, finite };
}
