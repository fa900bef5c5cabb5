/**
 * @file What a sandboxed trial is given instead of the dataset: the batches it will train on, in their
 * order, and the training examples. Validation and test examples are not in it.
 */
import {
  closeSync,
  fstatSync,
  openSync,
  readFileSync,
  readSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { positionsBetween } from "../data/gather.ts";
import { cellSchema, hyperparametersSchema } from "../results/schema.ts";
import type { BatchSource, EvaluationSet, TaskData } from "../train/data.ts";

const arraysSchema = z.strictObject({
  type: z.enum(["float32", "int32"]),
  /** Values and labels of one batch, or of all examples. */
  inputs: z.number().int().positive(),
  labels: z.number().int().positive(),
});

/** `pack.json`: one trial, ready to be trained. */
export const packSchema = z.strictObject({
  cell: cellSchema,
  hyperparameters: hyperparametersSchema,
  seed: z.number().int().nonnegative(),
  steps: z.number().int().positive(),
  threads: z.number().int().positive(),
  data: z.strictObject({
    name: z.string(),
    checksum: z.string(),
    classes: z.number().int().positive(),
    shape: z.array(z.number().int().positive()),
    stepsPerEpoch: z.number().int().positive(),
  }),
  batch: arraysSchema,
  train: arraysSchema.extend({ count: z.number().int().positive() }),
});

export type Pack = z.infer<typeof packSchema>;
export type PackedTrial = Pick<Pack, "cell" | "hyperparameters" | "seed" | "steps" | "threads">;

/** Larger packs do not fit a hosted runner's disk beside everything else. */
export const MAX_PACK_BYTES = 4 * 1024 ** 3;

const FILES = { pack: "pack.json", batches: "batches.bin", train: "train.bin" };

type Values = Float32Array | Int32Array;
const typeOf = (values: Values) => (values instanceof Int32Array ? "int32" : "float32");
const bytesOf = (values: Values) =>
  Buffer.from(values.buffer, values.byteOffset, values.byteLength);

/**
 * Writes `pack.json`, `batches.bin` and `train.bin` into `folder`.
 *
 * @throws Error when they would be larger than `MAX_PACK_BYTES`.
 */
export function writePack(folder: string, data: TaskData, trial: PackedTrial): void {
  const { batchSize, datasetSize } = trial.cell;
  const source = data.batches({ batchSize, datasetSize, seed: trial.seed });
  const train = data.evaluationSet("train", datasetSize) as EvaluationSet;
  const file = openSync(join(folder, FILES.batches), "w");
  let batch: Pack["batch"] | undefined;
  try {
    for (let step = 0; step < trial.steps; step++) {
      const { inputs, labels } = source.next();
      if (!batch) {
        batch = { type: typeOf(inputs), inputs: inputs.length, labels: labels.length };
        requireRoom(trial.steps * (inputs.byteLength + labels.byteLength));
      }
      writeWhole(file, bytesOf(inputs));
      writeWhole(file, bytesOf(labels));
    }
  } finally {
    closeSync(file);
  }
  const exampleSize = writeExamples(join(folder, FILES.train), train);
  const { name, checksum, classes } = data;
  const { shape, stepsPerEpoch } = source;
  const pack = packSchema.parse({
    ...trial,
    data: { name, checksum, classes, shape: [...shape], stepsPerEpoch },
    batch,
    train: {
      type: typeOf(train.gather(positionsBetween(0, 1))),
      inputs: train.count * exampleSize,
      labels: train.labels.length,
      count: train.count,
    },
  });
  writeFileSync(join(folder, FILES.pack), JSON.stringify(pack));
}

/** Examples per write: all of them at once may not fit memory. */
const EXAMPLES_PER_WRITE = 1000;

/** All inputs, then all labels. Returns the values per example. */
function writeExamples(path: string, { count, gather, labels }: EvaluationSet): number {
  const file = openSync(path, "w");
  let values = 0;
  try {
    for (let start = 0; start < count; start += EXAMPLES_PER_WRITE) {
      const end = Math.min(start + EXAMPLES_PER_WRITE, count);
      const inputs = gather(positionsBetween(start, end));
      values += inputs.length;
      writeWhole(file, bytesOf(inputs));
    }
    writeWhole(file, bytesOf(labels));
  } finally {
    closeSync(file);
  }
  return values / count;
}

function requireRoom(bytes: number): void {
  if (bytes <= MAX_PACK_BYTES) return;
  const [size, most] = [bytes, MAX_PACK_BYTES].map((count) => Math.round(count / 1024 ** 2));
  throw new Error(`The trial's batches take ${size} MiB; at most ${most} MiB can be handed over.`);
}

function writeWhole(file: number, bytes: Buffer): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done);
}

export function readPack(folder: string): Pack {
  return packSchema.parse(JSON.parse(readFileSync(join(folder, FILES.pack), "utf8")));
}

/**
 * The pack as a trial's data. Where a trial would look at validation or test examples it is given
 * training examples: its own scores mean nothing, and the evaluation outside counts.
 */
export function packedData(folder: string, pack: Pack): TaskData {
  const { name, checksum, classes } = pack.data;
  const train = packedExamples(openSync(join(folder, FILES.train), "r"), pack);
  // One example: enough where the score is thrown away.
  const standIn = {
    ...train,
    count: 1,
    labels: train.labels.slice(0, train.labels.length / train.count),
  };
  return {
    name,
    checksum,
    classes,
    batches: () => packedBatches(openSync(join(folder, FILES.batches), "r"), pack),
    evaluationSet: (split) => (split === "train" ? train : standIn),
  };
}

function packedExamples(file: number, { train, data }: Pack): EvaluationSet {
  const size = train.inputs / train.count;
  const labels = new Int32Array(readAt(file, 4 * train.inputs, 4 * train.labels));
  return {
    shape: data.shape,
    count: train.count,
    labels,
    gather: (positions) => {
      const values = new (arrayOf(train))(positions.length * size);
      positions.forEach((position, i) => {
        values.set(new (arrayOf(train))(readAt(file, 4 * position * size, 4 * size)), i * size);
      });
      return values;
    },
  };
}

function packedBatches(file: number, { batch, data, cell }: Pack): BatchSource {
  const bytes = 4 * (batch.inputs + batch.labels);
  const batches = fstatSync(file).size / bytes;
  let position = 0;
  return {
    shape: data.shape,
    batchSize: cell.batchSize,
    stepsPerEpoch: data.stepsPerEpoch,
    next: () => {
      if (position >= batches) throw new Error(`The pack holds ${batches} batches, no more.`);
      const values = readAt(file, position++ * bytes, bytes);
      return {
        inputs: new (arrayOf(batch))(values, 0, batch.inputs),
        labels: new Int32Array(values, 4 * batch.inputs, batch.labels),
      };
    },
    save: () => ({ position }),
    restore: (saved) => {
      ({ position } = saved as { position: number });
    },
  };
}

const arrayOf = ({ type }: Pick<Pack["batch"], "type">) =>
  type === "int32" ? Int32Array : Float32Array;

/** Opened once per pack and closed with the process: examples are read one by one. */
function readAt(file: number, start: number, length: number): ArrayBuffer {
  const bytes = new Uint8Array(length);
  for (let done = 0; done < length; ) {
    const read = readSync(file, bytes, done, length - done, start + done);
    if (read === 0) throw new Error(`The pack ends before byte ${start + length}.`);
    done += read;
  }
  return bytes.buffer;
}
