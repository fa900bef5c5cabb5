/**
 * @file Windows of a text for next-token prediction: inputs are `block` tokens, labels the same
 * shifted by one. In training a window starts anywhere, drawn with replacement from the stream
 * "order", as minGPT and nanoGPT do; in evaluation windows follow each other without overlap.
 */
import { DataError, requireInteger } from "../error.ts";
import { type StreamState, stream } from "../prng.ts";
import type { TokenSource } from "./token-source.ts";

/** A batch in buffers that the next call to `next` overwrites. */
export interface TextBatch {
  /** `[batch, block]` token ids. */
  readonly inputs: Int32Array;
  /** `[batch · block]` token ids: what follows each input. */
  readonly labels: Int32Array;
  /** Shape of `inputs`. */
  readonly shape: readonly number[];
}

export interface TextBatches {
  /** Shape of one example: `[block]`. */
  readonly shape: readonly number[];
  readonly batchSize: number;
  /** Steps that see as many tokens as the dataset has, rounded down, at least 1. */
  readonly stepsPerEpoch: number;
  next(): TextBatch;
  save(): { readonly order: StreamState };
  restore(saved: unknown): void;
}

/** @throws DataError "bad-argument" if the text is shorter than a window, or the batch has none. */
export function trainingWindows(options: {
  readonly tokens: TokenSource;
  readonly block: number;
  readonly batchSize: number;
  readonly seed: number;
}): TextBatches {
  const { tokens, block, batchSize, seed } = options;
  requireInteger(
    "Batch size",
    batchSize,
    [1, Number.MAX_SAFE_INTEGER],
    "Choose a --batch-size of at least 1.",
  );
  requireWindow(tokens, block);
  const batch: TextBatch = {
    inputs: new Int32Array(batchSize * block),
    labels: new Int32Array(batchSize * block),
    shape: [batchSize, block],
  };
  const order = stream(seed, "order");
  const window = new Int32Array(block + 1);
  return {
    shape: [block],
    batchSize,
    stepsPerEpoch: Math.max(1, Math.floor(tokens.length / (batchSize * block))),
    next() {
      for (let i = 0; i < batchSize; i++) {
        const start = order.integer(tokens.length - block);
        readWindow(tokens, start, window, batch, i * block);
      }
      return batch;
    },
    save: () => ({ order: order.save() }),
    restore: (saved) => order.restore((saved as { order?: StreamState } | null)?.order ?? []),
  };
}

export interface TextEvaluation {
  /** Shape of one example: `[block]`. */
  readonly shape: readonly number[];
  /** Windows. */
  readonly count: number;
  /** `[count, block]` token ids. */
  readonly inputs: Int32Array;
  /** `[count · block]` token ids. */
  readonly labels: Int32Array;
}

/**
 * All whole windows of a text, one after the other. The evaluation text is what they cover: the
 * fewer than `block` tokens behind the last whole window do not belong to it.
 */
export function evaluationWindows(tokens: TokenSource, block: number): TextEvaluation {
  requireWindow(tokens, block);
  const count = Math.floor((tokens.length - 1) / block);
  const inputs = new Int32Array(count * block);
  const labels = new Int32Array(count * block);
  const window = new Int32Array(block + 1);
  for (let i = 0; i < count; i++)
    readWindow(tokens, i * block, window, { inputs, labels }, i * block);
  return { shape: [block], count, inputs, labels };
}

function readWindow(
  tokens: TokenSource,
  start: number,
  window: Int32Array,
  target: { readonly inputs: Int32Array; readonly labels: Int32Array },
  offset: number,
): void {
  const block = window.length - 1;
  tokens.read(start, block + 1, window, 0);
  for (let k = 0; k < block; k++) {
    target.inputs[offset + k] = window[k] as number;
    target.labels[offset + k] = window[k + 1] as number;
  }
}

function requireWindow(tokens: TokenSource, block: number): void {
  if (tokens.length > block) return;
  throw new DataError(
    "bad-argument",
    `The text has ${tokens.length} tokens; a window of ${block} needs at least ${block + 1}.`,
    "Choose a larger --dataset-size.",
  );
}
