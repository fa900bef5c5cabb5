/** @file What a language task hands to training: windows of a text, and the windows to evaluate. */

import { gatherRows } from "./gather.ts";
import { prefix, type TokenSource } from "./text/token-source.ts";
import { evaluationWindows, type TextBatches, trainingWindows } from "./text/windows.ts";

export interface TextTaskOptions {
  readonly name: string;
  readonly checksum: string;
  readonly train: TokenSource;
  /** Absent in tier `paper`, which cross-fits on the test text. */
  readonly validation?: TokenSource;
  readonly test: TokenSource;
  /** Tokens of one example. */
  readonly block: number;
  readonly vocabulary: number;
  /** At most this many tokens of each text are evaluated, from its start. */
  readonly evaluationTokens: number;
}

export interface TextTask {
  readonly name: string;
  readonly checksum: string;
  readonly classes: number;
  batches(options: { datasetSize: number; batchSize: number; seed: number }): TextBatches;
  evaluationSet(
    split: "train" | "validation" | "test",
    datasetSize: number,
  ): EvaluationWindows | undefined;
}

/** Windows to be evaluated, in the order of the text. */
export interface EvaluationWindows {
  readonly shape: readonly number[];
  readonly count: number;
  readonly labels: Int32Array;
  gather(positions: Int32Array): Int32Array;
}

function windowsOf(tokens: TokenSource, block: number): EvaluationWindows {
  const { shape, count, labels, inputs } = evaluationWindows(tokens, block);
  return { shape, count, labels, gather: (positions) => gatherRows(inputs, block, positions) };
}

/** A dataset of size n is the first n tokens of the training text. */
export function textTask(options: TextTaskOptions): TextTask {
  const { name, checksum, train, validation, test, block, vocabulary, evaluationTokens } = options;
  const prepared = new Map<string, EvaluationWindows>();
  const source = (split: "train" | "validation" | "test", datasetSize: number) => {
    if (split === "train") return prefix(train, datasetSize);
    return split === "test" ? test : validation;
  };
  return {
    name,
    checksum,
    classes: vocabulary,
    batches: ({ datasetSize, batchSize, seed }) =>
      trainingWindows({ tokens: prefix(train, datasetSize), block, batchSize, seed }),
    evaluationSet(split, datasetSize) {
      const tokens = source(split, datasetSize);
      if (!tokens) return undefined;
      const length = Math.min(tokens.length, evaluationTokens);
      const key = `${split} ${length}`;
      const known = prepared.get(key) ?? windowsOf(prefix(tokens, length), block);
      prepared.set(key, known);
      return known;
    },
  };
}
