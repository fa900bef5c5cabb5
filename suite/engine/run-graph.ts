/** @file One run of a compiled graph: its session into pooled buffers, then its tail. */
import type { RuntimeResults, RuntimeTensor } from "./binding.ts";
import type { Named } from "./graph.ts";
import { sizeOf } from "./graph.ts";
import { type CompiledGraph, type Plan, staysOnDevice, takenBy } from "./plan.ts";
import type { Buffer, BufferDtype, BufferPool } from "./pool.ts";
import type { Value } from "./value.ts";

/** Tensors by name: what a run of a graph reads. */
export interface Given {
  readonly tensors: Record<string, RuntimeTensor>;
  readonly values: ReadonlyMap<string, Value>;
}

/** What a run of a graph has made: in the pool's buffers, or where the runtime put it. */
export interface Made {
  readonly buffers: ReadonlyMap<string, Buffer>;
  readonly results: RuntimeResults;
}

/** The values that a recording feeds to its graph. */
export function givenTo(
  { graph, feeds: used }: Plan,
  feeds: readonly Value[],
  pool: BufferPool,
): Given {
  const tensors: Record<string, RuntimeTensor> = {};
  const values = new Map<string, Value>();
  graph.inputs.forEach(({ name, spec }, i) => {
    const value = feeds[used[i] as number] as Value;
    if (graph.tail && value.buffer) value.buffer = pool.settle(value.buffer);
    const { buffer, device } = value;
    tensors[name] = (device ?? (buffer as Buffer)).as(spec.shape);
    values.set(name, value);
  });
  return { tensors, values };
}

/** Null where the graph's tail had no room. */
export function runGraph(graph: CompiledGraph, given: Given, pool: BufferPool): Made | null {
  const { session, tail } = graph;
  const buffers = new Map<string, Buffer>();
  const fetches: Record<string, RuntimeTensor | null> = {};
  const donors = new Map<string, Value>();
  const inherit = (result: string): Buffer | undefined => {
    for (const name of tail?.donorsOf(result) ?? []) {
      const value = given.values.get(name);
      if (!value || value.alive || !value.buffer?.pooled || donors.has(name)) continue;
      donors.set(name, value);
      return value.buffer;
    }
    return undefined;
  };
  const taken: Buffer[] = [];
  const take = ({ name, spec }: Named): Buffer => {
    const inherited = inherit(name);
    const buffer = inherited ?? pool.take(spec.dtype as BufferDtype, sizeOf(spec.shape));
    if (!inherited) taken.push(buffer);
    buffers.set(name, buffer);
    return buffer;
  };
  const giveBack = () => {
    for (const buffer of taken) pool.give(buffer);
  };
  // Where one output stays on the device, the runtime ignores the buffers offered for the others.
  const allocates = staysOnDevice(graph);
  try {
    for (const output of takenBy(graph)) {
      const buffer = allocates ? null : take(output);
      if (!tail?.makes(output.name)) fetches[output.name] = buffer?.as(output.spec.shape) ?? null;
    }
    const results = session?.run(given.tensors, fetches, {}) ?? {};
    const bufferOf = (name: string) =>
      (buffers.get(name) ?? given.values.get(name)?.buffer) as Buffer;
    if (!tail || tail.run((name) => bufferOf(name).data)) {
      for (const value of donors.values()) value.buffer = null;
      return { buffers, results };
    }
  } catch (cause) {
    giveBack();
    throw cause;
  }
  giveBack();
  return null;
}
