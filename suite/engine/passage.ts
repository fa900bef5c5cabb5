/**
 * @file A passage: the part of a recording that one function made of its sources. Where it recurs, it is
 * appended without calling the function, and with it kernels, tape and scopes: JavaScript takes as long to
 * record a small model's pass as the runtime to compute it.
 */
import type { DataType, TensorInfo } from "@tensorflow/tfjs-core";
import type { LoweredKernel, TensorSpec, TraceNode } from "./graph.ts";
import { ABSENT, sameShape } from "./graph.ts";
import type { BufferDtype } from "./pool.ts";
import type { Value } from "./value.ts";

/** What was recorded so far. */
export interface Recording {
  readonly number: number;
  readonly cursor: TraceNode;
  readonly outputs: readonly Value[];
  readonly feeds: readonly Value[];
}

/** A tensor and what is behind it. */
export interface Source {
  readonly value: Value;
  readonly shape: readonly number[];
}

/** Where a passage starts: the same in two recordings means that the same calls are recorded alike. */
export interface Mark {
  readonly recording: number;
  readonly start: TraceNode;
  readonly outputs: number;
  readonly feeds: number;
  /** By which the recording knows each source already. */
  readonly slots: readonly (number | undefined)[];
}

/** What the recording met first within the passage. */
export type Origin =
  | { readonly kind: "source"; readonly index: number }
  /** Outlives the function: a constant that it closes over. */
  | { readonly kind: "kept"; readonly value: Value }
  /** Written by the function. */
  | { readonly kind: "written"; readonly dtype: BufferDtype; readonly data: ArrayLike<number> };

export interface Result {
  /** Counted from the passage's first output, or the index of a source. */
  readonly from: "outputs" | "sources";
  readonly index: number;
  readonly shape: readonly number[];
  readonly dtype: DataType;
}

export interface Passage {
  readonly mark: Mark;
  readonly shapes: readonly (readonly number[])[];
  readonly end: TraceNode;
  readonly outputs: number;
  readonly feeds: readonly Origin[];
  readonly results: readonly Result[];
  /** Calls whose inputs' values are checked. */
  readonly checked: readonly TraceNode[];
}

/** Longer written arrays are data rather than constants, and dear to compare. */
const LONGEST_CONSTANT = 4096;

export function markOf(recording: Recording, sources: readonly Source[]): Mark {
  const { number, cursor, outputs, feeds } = recording;
  return {
    recording: number,
    start: cursor,
    outputs: outputs.length,
    feeds: feeds.length,
    slots: sources.map(({ value }) => (value.recording === number ? value.slot : undefined)),
  };
}

/** Null where what was recorded since is no function of the sources, or leaves other tensors behind. */
export function passageSince(
  recording: Recording,
  mark: Mark,
  sources: readonly Source[],
  results: readonly TensorInfo[],
): Passage | null {
  // What reads a value runs what is pending, and another recording begins.
  if (recording.number !== mark.recording || !areDistinct(sources)) return null;
  const nodes = nodesSince(mark, recording.cursor);
  if (!nodes.every((node) => node.slots.every((slot) => isKnownTo(mark, slot)))) return null;
  const made = recording.outputs.slice(mark.outputs);
  const places = results.map((info) => placeOf(info, made, sources));
  const returned = new Set<object>(results.map(({ dataId }) => dataId));
  if (made.some((value) => value.alive && !returned.has(value))) return null;
  const feeds = recording.feeds.slice(mark.feeds).map((value) => originOf(value, sources));
  if (!places.every((place) => place !== null) || !feeds.every((feed) => feed !== null))
    return null;
  return {
    mark,
    shapes: sources.map(({ shape }) => [...shape]),
    end: recording.cursor,
    outputs: made.length,
    feeds,
    results: places,
    checked: nodes.filter(({ kernel }) => kernel?.lowering.check),
  };
}

function nodesSince({ start }: Mark, end: TraceNode): TraceNode[] {
  const nodes: TraceNode[] = [];
  for (let node = end; node !== start && node.parent; node = node.parent) nodes.push(node);
  return nodes.reverse();
}

/** Whether a slot is a source or the passage's own: what else was recorded before may be another tensor. */
function isKnownTo({ outputs, feeds, slots }: Mark, slot: number): boolean {
  const isOwn = slot >= outputs || slot < -feeds;
  return isOwn || slots.includes(slot);
}

/** Checks what a passage's calls would check, with the values that it is to read here. */
export function checkValues(
  { mark, feeds, checked }: Passage,
  recording: Recording,
  sources: readonly Source[],
): void {
  const valuesAt = (slot: number): ArrayLike<number> | null => {
    const index = -1 - slot;
    if (index < 0) return null;
    const origin = feeds[index - mark.feeds];
    if (origin?.kind === "written") return origin.data;
    const kept = origin?.kind === "kept" ? origin.value : undefined;
    const source = origin?.kind === "source" ? sources[origin.index]?.value : undefined;
    return (kept ?? source ?? recording.feeds[index])?.buffer?.data ?? null;
  };
  for (const { kernel, slots, specs, attributes } of checked) {
    const { inputs = [], check } = (kernel as LoweredKernel).lowering;
    const given = slots.flatMap((slot, i) => (i < inputs.length && slot !== ABSENT ? [i] : []));
    check?.(
      given.map((i) => valuesAt(slots[i] as number)),
      given.map((i) => specs[i] as TensorSpec),
      attributes,
    );
  }
}

function placeOf(
  { dataId, shape, dtype }: TensorInfo,
  made: readonly Value[],
  sources: readonly Source[],
): Result | null {
  const output = made.indexOf(dataId as Value);
  if (output >= 0) return { from: "outputs", index: output, shape: [...shape], dtype };
  const source = sources.findIndex(({ value }) => value === dataId);
  return source < 0 ? null : { from: "sources", index: source, shape: [...shape], dtype };
}

function originOf(value: Value, sources: readonly Source[]): Origin | null {
  const index = sources.findIndex((source) => source.value === value);
  if (index >= 0) return { kind: "source", index };
  if (value.alive) return { kind: "kept", value };
  const { buffer, size, written } = value;
  if (!written || buffer === null || size > LONGEST_CONSTANT) return null;
  return { kind: "written", dtype: buffer.dtype, data: buffer.data.slice() };
}

/** Two sources of one value would be one feed. */
function areDistinct(sources: readonly Source[]): boolean {
  return new Set(sources.map(({ value }) => value)).size === sources.length;
}

/** Whether a passage can follow here. */
export function follows(
  { mark, shapes, feeds }: Passage,
  here: Mark,
  sources: readonly Source[],
): boolean {
  return (
    mark.start === here.start &&
    mark.feeds === here.feeds &&
    mark.slots.length === here.slots.length &&
    mark.slots.every((slot, i) => slot === here.slots[i]) &&
    areDistinct(sources) &&
    sources.every(({ shape }, i) => sameShape(shape, shapes[i] as readonly number[])) &&
    feeds.every((feed) => feed.kind !== "kept" || feed.value.alive)
  );
}

/** Whether the function did the same twice, from the same place. */
export function samePassage(a: Passage, b: Passage): boolean {
  return (
    a.end === b.end &&
    a.feeds.length === b.feeds.length &&
    a.feeds.every((feed, i) => sameOrigin(feed, b.feeds[i] as Origin)) &&
    a.results.length === b.results.length &&
    a.results.every(({ from, index, shape }, i) => {
      const other = b.results[i] as Result;
      return from === other.from && index === other.index && sameShape(shape, other.shape);
    })
  );
}

function sameOrigin(a: Origin, b: Origin): boolean {
  if (a.kind === "source") return b.kind === "source" && a.index === b.index;
  if (a.kind === "kept") return b.kind === "kept" && a.value === b.value;
  return (
    b.kind === "written" &&
    a.dtype === b.dtype &&
    a.data.length === b.data.length &&
    Array.from(a.data).every((x, i) => Object.is(x, b.data[i]))
  );
}
