/** @file What an image classification task hands to training: batches, and the sets to evaluate. */
import { type TrainingBatches, trainingBatches } from "./batches.ts";
import { evaluationArrays } from "./evaluation.ts";
import type { Augmentation, DatasetSource, Examples, Preparation } from "./examples.ts";
import { sizeOf } from "./examples.ts";
import { gatherRows } from "./gather.ts";
import { holdOut, subset } from "./subsets.ts";

export interface ImageTaskOptions {
  readonly source: DatasetSource;
  /** For training batches. */
  readonly training: Augmentation;
  /** For evaluation, of training examples too. */
  readonly evaluation: Preparation;
  /** Training examples kept out for validation; 0 in tier `paper`, which trains on all of them. */
  readonly validation: number;
}

export interface ImageTask {
  readonly name: string;
  readonly checksum: string;
  readonly classes: number;
  /** Training examples there are, the validation set not counted. */
  readonly size: number;
  batches(options: { datasetSize: number; batchSize: number; seed: number }): TrainingBatches;
  /** `train` is the subset of `datasetSize`; `validation` is undefined if none is kept out. */
  evaluationSet(
    split: "train" | "validation" | "test",
    datasetSize: number,
  ): EvaluationImages | undefined;
}

/** Images to be evaluated, in dataset order. */
export interface EvaluationImages {
  readonly shape: readonly number[];
  readonly count: number;
  readonly labels: Int32Array;
  gather(positions: Int32Array): Float32Array;
}

/** A prepared split of more values than this is prepared piece by piece instead: 1 GiB. */
const MOST_PREPARED_VALUES = 2 ** 28;

function evaluationImages(examples: Examples, preparation: Preparation): EvaluationImages {
  const size = sizeOf(preparation.shape);
  const count = examples.rows.length;
  if (count * size <= MOST_PREPARED_VALUES) {
    const { shape, labels, inputs } = evaluationArrays(examples, preparation);
    return { shape, count, labels, gather: (positions) => gatherRows(inputs, size, positions) };
  }
  return {
    shape: preparation.shape,
    count,
    labels: examples.rows.map((row) => examples.labels[row] as number),
    gather: (positions) => {
      const target = new Float32Array(positions.length * size);
      positions.forEach((position, i) => {
        preparation.fill(examples, examples.rows[position] as number, target, i * size);
      });
      return target;
    },
  };
}

/** Joins a dataset with its preparation and its split. */
export function imageTask({
  source,
  training,
  evaluation,
  validation,
}: ImageTaskOptions): ImageTask {
  const split = validation > 0 ? holdOut(source.train, validation) : undefined;
  const available: Examples = split?.kept ?? source.train;
  const examplesOfSplit = (name: "train" | "validation" | "test", datasetSize: number) => {
    if (name === "train") return subset(available, datasetSize);
    return name === "test" ? source.test : split?.heldOut;
  };
  // Evaluation comes round every epoch: each split's arrays are prepared once per dataset size.
  const prepared = new Map<string, { key: string; arrays: EvaluationImages | undefined }>();
  return {
    name: source.name,
    checksum: source.checksum,
    classes: source.train.classes,
    size: available.rows.length,
    batches: ({ datasetSize, batchSize, seed }) =>
      trainingBatches({
        examples: subset(available, datasetSize),
        preparation: training,
        batchSize,
        seed,
      }),
    evaluationSet(name, datasetSize) {
      const key = `${name}/${datasetSize}`;
      const kept = prepared.get(name);
      if (kept?.key === key) return kept.arrays;
      const examples = examplesOfSplit(name, datasetSize);
      const arrays = examples && evaluationImages(examples, evaluation);
      prepared.set(name, { key, arrays });
      return arrays;
    },
  };
}
