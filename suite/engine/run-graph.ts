/** @file One run of a compiled graph: its session into pooled buffers, then its tail. */
import type { RuntimeResults, RuntimeTensor } from "./binding.ts";
import type { Named } from "./graph.ts";
import { sizeOf } from "./graph.ts";
import { type Plan, staysOnDevice, takenBy } from "./plan.ts";
import type { Buffer, BufferDtype, BufferPool } from "./pool.ts";
import type { Value } from "./value.ts";

/** What a run of a graph has made: in the pool's buffers, or where the runtime put it. */
export interface Made {
  readonly buffers: ReadonlyMap<string, Buffer>;
  readonly results: RuntimeResults;
}

/** From the values that a recording feeds; null where the graph's tail had no room. */
export function runGraph(plan: Plan, feeds: readonly Value[], pool: BufferPool): Made | null {
  const { graph } = plan;
  const { session, tail } = graph;
  const given = givenTo(plan, feeds, pool);
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

/** What the graph reads, by name. */
function givenTo(
  { graph, feeds: used }: Plan,
  feeds: readonly Value[],
  pool: BufferPool,
): { tensors: Record<string, RuntimeTensor>; values: Map<string, Value> } {
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
