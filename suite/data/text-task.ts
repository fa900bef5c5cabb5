/** @file What a language task hands to training: windows of a text, and the windows to evaluate. */

import { prefix, type TokenSource } from "./text/token-source.ts";
import {
  evaluationWindows,
  type TextBatches,
  type TextEvaluation,
  trainingWindows,
} from "./text/windows.ts";

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
  ): TextEvaluation | undefined;
}

/** A dataset of size n is the first n tokens of the training text. */
export function textTask(options: TextTaskOptions): TextTask {
  const { name, checksum, train, validation, test, block, vocabulary, evaluationTokens } = options;
  const prepared = new Map<string, TextEvaluation>();
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
      const known = prepared.get(key) ?? evaluationWindows(prefix(tokens, length), block);
      prepared.set(key, known);
      return known;
    },
  };
}
