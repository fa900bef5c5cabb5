/** @file Labelled examples as they are stored, and how one of them becomes a model's input. */
import type { Stream } from "./prng.ts";

/** Labelled examples: arrays shared by every subset, and the rows that belong to this one. */
export interface Examples {
  /** `[any, ...shape]` values, row by row: pixels as bytes. */
  readonly inputs: Uint8Array;
  /** Class of each row of `inputs`. */
  readonly labels: Int32Array;
  /** Shape of one example: images are `[height, width, channels]`. */
  readonly shape: readonly number[];
  readonly classes: number;
  /** The rows that belong to these examples, in dataset order. */
  readonly rows: Int32Array;
}

/** A dataset: its name and checksum stand in every result made from it. */
export interface DatasetSource {
  readonly name: string;
  /** SHA-256 of the decoded arrays: train inputs, train labels, test inputs, test labels. */
  readonly checksum: string;
  readonly train: Examples;
  readonly test: Examples;
}

/** Makes a model's input of a stored example, the same one each time. */
export interface Preparation {
  /** Shape of what is written. */
  readonly shape: readonly number[];
  /** Writes row `row` of `examples` into `target` from `offset` on. */
  fill(examples: Examples, row: number, target: Float32Array, offset: number): void;
  /** All rows of `inputs`, `[any, ...shape]`, where they are kept prepared anyway. */
  table?(inputs: Examples["inputs"]): Float32Array;
}

/** A preparation that may draw from the stream "augmentation"; for training only. */
export interface Augmentation {
  readonly shape: readonly number[];
  /** Only where nothing is drawn: it stands for `fill`. */
  table?: Preparation["table"];
  fill(examples: Examples, row: number, target: Float32Array, offset: number, random: Stream): void;
}

/** Number of values in one example of this shape. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** All rows of `inputs`, with their labels. */
export function examplesOf(
  inputs: Uint8Array,
  labels: ArrayLike<number>,
  { shape, classes }: { readonly shape: readonly number[]; readonly classes: number },
): Examples {
  const rows = Int32Array.from({ length: labels.length }, (_, row) => row);
  return { inputs, labels: Int32Array.from(labels), shape, classes, rows };
}
