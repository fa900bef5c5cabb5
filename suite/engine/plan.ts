/** @file A compiled graph, how a recording uses it, and for how long it may. */
import type { RuntimeSession } from "./binding.ts";
import type { Named } from "./graph.ts";
import type { Tail } from "./tail/tail.ts";
import type { Value } from "./value.ts";

/** A loaded session with the names of its inputs and outputs, in the signature's order. */
export interface CompiledGraph {
  readonly signature: string;
  session: RuntimeSession | null;
  /** Bytes of everything that it computes: what its memory grows with. */
  readonly weight: number;
  readonly inputs: readonly Named[];
  readonly outputs: readonly GraphOutput[];
  /** Makes some of the outputs, after the session's run. */
  readonly tail: Tail | null;
}

export interface GraphOutput extends Named {
  /** It stays in the GPU's memory, where the next graph reads it. */
  readonly onDevice: boolean;
}

/** A scalar that a graph was compiled with: the graph serves as long as it has this value. */
export interface AssumedScalar {
  readonly feed: number;
  readonly value: number;
}

/** How one recording uses a compiled graph. */
export interface Plan {
  readonly graph: CompiledGraph;
  readonly assumed: readonly AssumedScalar[];
  /** For every output slot of the recording, whether its tensor was alive. */
  readonly live: readonly boolean[];
  /** For each input of the graph, the index of the feed in the recording. */
  readonly feeds: readonly number[];
  /** For each output of the graph, the output slot in the recording. */
  readonly fetches: readonly number[];
}

export function fits({ live }: Plan, outputs: readonly Value[]): boolean {
  for (let i = 0; i < outputs.length; i++) if (live[i] !== outputs[i]?.alive) return false;
  return true;
}

/** The value of a scalar that JavaScript wrote; undefined for all other tensors. */
export function scalarOf({ written, size, dtype, buffer }: Value): number | undefined {
  return written && size === 1 && dtype === "float32" ? buffer?.data[0] : undefined;
}

/** The feeds that no longer have the value that the plan's graph was compiled with. */
export function changedScalars({ assumed }: Plan, feeds: readonly Value[]): number[] {
  const changed: number[] = [];
  for (const { feed, value } of assumed) {
    const now = scalarOf(feeds[feed] as Value);
    if (!Object.is(now, value)) changed.push(feed);
  }
  return changed;
}

/** What needs memory in a run. */
export function takenBy({ outputs, tail }: CompiledGraph): readonly Named[] {
  return tail ? [...outputs, ...tail.reads] : outputs;
}

/** Whether an output does. */
export function staysOnDevice({ outputs }: CompiledGraph): boolean {
  return outputs.some(({ onDevice }) => onDevice);
}
