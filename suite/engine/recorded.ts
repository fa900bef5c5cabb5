/**
 * @file The part of a recording that live tensors need, renumbered, and its canonical signature:
 * equal for recordings that compute the same, whatever else was recorded with them.
 */
import type { TensorSpec, TraceNode } from "./graph.ts";
import { ABSENT } from "./graph.ts";

export interface GraphNode {
  readonly trace: TraceNode;
  /** Renumbered slots: outputs of kept nodes from 0, used feeds from -1 downwards. */
  readonly slots: readonly number[];
}

export interface Feed {
  readonly original: number;
  readonly spec: TensorSpec;
  /** Its value, where the graph is to take it for a constant. */
  readonly constant: number | undefined;
}

export interface RecordedGraph {
  readonly nodes: readonly GraphNode[];
  /** Used feeds, with the shape under which each is fed. */
  readonly feeds: Feed[];
  /** Live outputs. */
  readonly outputs: {
    readonly original: number;
    readonly slot: number;
    readonly spec: TensorSpec;
  }[];
}

/** Keeps the nodes that live outputs need and renumbers slots in order of recording. */
export function prune(
  end: TraceNode,
  live: readonly boolean[],
  constants: (feed: number) => number | undefined,
): RecordedGraph {
  const path: TraceNode[] = [];
  for (let node = end; node.parent !== null; node = node.parent) path.push(node);
  const needed = live.slice();
  const kept: TraceNode[] = [];
  for (const node of path) {
    const { outputs } = node.lowered as NonNullable<typeof node.lowered>;
    if (!outputs.some((_, i) => needed[node.firstOutput + i])) continue;
    kept.push(node);
    for (const slot of node.slots) if (slot >= 0) needed[slot] = true;
  }
  kept.reverse();

  const renumbered = new Map<number, number>([[ABSENT, ABSENT]]);
  const feeds: RecordedGraph["feeds"] = [];
  const outputs: RecordedGraph["outputs"] = [];
  let next = 0;
  const nodes = kept.map((trace) => {
    const slots = trace.slots.map((slot, i) => {
      const known = renumbered.get(slot);
      if (known !== undefined) return known;
      const original = -1 - slot;
      feeds.push({ original, spec: trace.specs[i] as TensorSpec, constant: constants(original) });
      renumbered.set(slot, -feeds.length);
      return -feeds.length;
    });
    trace.lowered?.outputs.forEach((spec, i) => {
      const original = trace.firstOutput + i;
      if (live[original]) outputs.push({ original, slot: next, spec });
      renumbered.set(original, next++);
    });
    return { trace, slots };
  });
  return { nodes, feeds, outputs };
}

/** Equal for recordings that compute the same: kernels, attributes, wiring, shapes, dtypes, outputs. */
export function signatureOf({ nodes, feeds, outputs }: RecordedGraph): string {
  const lines = nodes.map(({ trace, slots }) => {
    const inputs = slots.map((slot, i) => `${slot}:${trace.specs[i]?.shape}`).join(";");
    return `${trace.kernel?.name}|${inputs}|${trace.attributeKey}`;
  });
  const fed = feeds.map(({ spec: { dtype, shape }, constant }) => {
    return constant === undefined ? `${dtype}[${shape}]` : `[${shape}]=${exact(constant)}`;
  });
  lines.push(fed.join(";"));
  lines.push(outputs.map(({ slot }) => slot).join(","));
  return lines.join("\n");
}

/** Told apart from 0 by its sign. */
function exact(value: number): string {
  return Object.is(value, -0) ? "-0" : `${value}`;
}

export function isFed({ constant }: Feed): boolean {
  return constant === undefined;
}
