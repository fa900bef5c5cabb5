/** @file Evaluates weights that came out of the sandbox, in this process, on data that only it has. */
import { lstatSync } from "node:fs";
import * as tf from "@tensorflow/tfjs-core";
import { stream } from "../data/prng.ts";
import { useBackend } from "../engine/index.ts";
import { disposeModel, type Model, ModelBuilder } from "../nn/model.ts";
import type { Configuration } from "../optimizer/search.ts";
import type { TierProtocol } from "../protocol/task.ts";
import type { Trial } from "../results/schema.ts";
import { readCheckpoint } from "../train/checkpoint.ts";
import type { TaskData } from "../train/data.ts";
import { finalScores } from "../train/evaluate-splits.ts";
import { fingerprint } from "../train/fingerprint.ts";
import type { PackedTrial } from "./pack.ts";

/** Weights of the largest model that a hosted runner reruns. */
const MAX_WEIGHTS_BYTES = 512 * 1024 * 1024;

export type Evaluated = Pick<Trial, "final" | "fingerprint">;

/**
 * Scores and fingerprint of the weights in `file` (untrusted: it is checked against the model that is
 * built here).
 *
 * @throws Error saying what is wrong with the file.
 */
export async function evaluateWeights(
  file: string,
  trial: PackedTrial,
  protocol: TierProtocol,
  data: TaskData,
): Promise<Evaluated> {
  const { threads, seed, hyperparameters, cell } = trial;
  await useBackend({ backend: "onnxruntime", device: "cpu", threads, spinning: false });
  const builder = new ModelBuilder(stream(seed, "init"));
  const model = protocol.build(builder, hyperparameters as Configuration, data);
  try {
    assignWeights(model, file);
    const { datasetSize } = cell;
    return {
      final: await finalScores(model, { protocol, data, datasetSize }),
      fingerprint: await fingerprint(model),
    };
  } finally {
    disposeModel(model);
  }
}

function assignWeights({ parameters, buffers }: Model, file: string): void {
  const entry = lstatSync(file, { throwIfNoEntry: false });
  if (!entry) throw new Error("the run left no weights");
  if (!entry.isFile()) throw new Error("the weights are not a plain file");
  if (entry.size > MAX_WEIGHTS_BYTES) throw new Error(`the weights take ${entry.size} bytes`);
  const tensors = readCheckpoint(file)?.tensors;
  if (!tensors) throw new Error("the file of weights cannot be read");
  const variables = [...parameters, ...buffers];
  const unknown = Object.keys(tensors).length - variables.length;
  if (unknown !== 0) throw new Error(`the weights are not this model's: ${unknown} too many`);
  for (const { name, variable } of variables) {
    const saved = tensors[name];
    if (!saved) throw new Error(`the weights lack ${name}`);
    const { shape, dtype, values } = saved;
    if (
      dtype !== variable.dtype ||
      `${shape}` !== `${variable.shape}` ||
      values.length !== variable.size
    ) {
      throw new Error(`${name} is ${dtype} [${shape}], not ${variable.dtype} [${variable.shape}]`);
    }
    tf.tidy(() => variable.assign(tf.tensor(values, [...shape], dtype)));
  }
}
