/** @file What a running trial must remember to go on with the same bits, and how it does. */
import * as tf from "@tensorflow/tfjs-core";
import type { Stream } from "../data/prng.ts";
import type { Model } from "../nn/model.ts";
import type { Optimizer } from "../optimizer/declaration.ts";
import type { SavedTensor } from "../optimizer/state.ts";
import { readCheckpoint, writeCheckpoint } from "./checkpoint.ts";
import type { BatchSource } from "./data.ts";
import type { Curves } from "./recorder.ts";

/** Counters of a trial. */
export interface Progress {
  step: number;
  /** Steps whose loss is in the running sum. */
  lossSteps: number;
  flops: number;
  peakBytes: number;
  phases: Record<string, { flops: number; bytes: number }>;
  seconds: { train: number; evaluate: number; compile: number; data: number };
}

export interface Resumable {
  readonly model: Model;
  readonly optimizer: Optimizer;
  readonly batches: BatchSource;
  readonly streams: ReadonlyMap<string, Stream>;
  readonly lossSum: tf.Variable;
  curves: Curves;
  progress: Progress;
  lastCheckpoint?: number;
}

/** Writes the checkpoint; forces pending work. */
export function save(run: Resumable, path: string): void {
  const optimizer = run.optimizer.state.save();
  writeCheckpoint(path, {
    meta: {
      progress: run.progress,
      curves: run.curves,
      batches: run.batches.save(),
      streams: Object.fromEntries([...run.streams].map(([name, source]) => [name, source.save()])),
      numbers: optimizer.numbers,
    },
    tensors: {
      ...Object.fromEntries(
        Object.entries(optimizer.tensors).map(([name, saved]) => [`optimizer/${name}`, saved]),
      ),
      ...Object.fromEntries(modelVariables(run).map(([name, variable]) => [name, read(variable)])),
    },
  });
}

/** Goes on from the checkpoint at `path`, if there is one for this trial. */
export function resume(run: Resumable, path: string): void {
  const checkpoint = readCheckpoint(path);
  if (!checkpoint) return;
  const { meta, tensors } = checkpoint;
  run.optimizer.state.restore({
    tensors: Object.fromEntries(
      Object.entries(tensors)
        .filter(([name]) => name.startsWith("optimizer/"))
        .map(([name, saved]) => [name.slice("optimizer/".length), saved]),
    ),
    numbers: meta.numbers as Record<string, number>,
  });
  for (const [name, variable] of modelVariables(run)) {
    const { values, shape, dtype } = tensors[name] as SavedTensor;
    tf.tidy(() => variable.assign(tf.tensor(values, [...shape], dtype)));
  }
  run.batches.restore(meta.batches);
  for (const [name, state] of Object.entries(meta.streams as Record<string, unknown>)) {
    run.streams.get(name)?.restore(state as ReturnType<Stream["save"]>);
  }
  run.progress = meta.progress as Progress;
  run.curves = meta.curves as Curves;
}

function modelVariables({ model, lossSum }: Resumable): [string, tf.Variable][] {
  return [
    ...model.parameters.map(
      ({ name, variable }) => [`model/${name}`, variable] as [string, tf.Variable],
    ),
    ...model.buffers.map(
      ({ name, variable }) => [`buffer/${name}`, variable] as [string, tf.Variable],
    ),
    ["trial/lossSum", lossSum],
  ];
}

function read(variable: tf.Variable): SavedTensor {
  return {
    shape: variable.shape,
    dtype: variable.dtype as SavedTensor["dtype"],
    values: variable.dataSync().slice(),
  };
}
