/** @file From a recording to an ONNX model, and to the chains that follow it. */
import type { Device } from "./devices.ts";
import type { GraphBuilder, Named, OnnxDtype, TensorSpec } from "./graph.ts";
import { ABSENT, sameShape, sizeOf } from "./graph.ts";
import type { Model } from "./model.ts";
import { ModelBuilder } from "./model.ts";
import { expandOwnOps } from "./optimize/expand.ts";
import { optimize } from "./optimize/index.ts";
import { type Feed, isFed, type RecordedGraph } from "./recorded.ts";
import { type Chain, splitGraph } from "./tail/split.ts";

export interface Built {
  readonly model: Model;
  readonly inputs: readonly Named[];
  readonly outputs: readonly Named[];
  readonly chains: readonly Chain[];
  /** What the model puts out for the chains alone. */
  readonly handedOn: readonly Named[];
  /** One thread is as fast as several. */
  readonly isSmall: boolean;
  /** Bytes of everything that it computes. */
  readonly weight: number;
}

/** `threads`: how many of the runtime a chain competes with; infinitely many leave no chains. */
export function build(recorded: RecordedGraph, device: Device, threads: number): Built {
  const builder = new ModelBuilder(device);
  const feeds = recorded.feeds.map(({ spec, constant }, i) => {
    const known = constant !== undefined;
    return { spec, name: known ? builder.constant([constant], "float32", spec.shape) : `i${i}` };
  });
  const inputs = feeds.filter((_, i) => isFed(recorded.feeds[i] as Feed));
  for (const { name, spec } of inputs) builder.declare(name, spec.shape);
  const produced: Named[] = [];
  const view = viewer(builder);
  for (const { trace, slots } of recorded.nodes) {
    const names = slots.map((slot, i) => {
      if (slot === ABSENT) return "";
      const source = (slot < 0 ? feeds[-1 - slot] : produced[slot]) as Named;
      return view(source, (trace.specs[i] as TensorSpec).shape);
    });
    const lowered = trace.lowered as NonNullable<typeof trace.lowered>;
    const results = isEmpty(lowered.outputs)
      ? lowered.outputs.map(({ shape, dtype }) => builder.constant([], dtype as OnnxDtype, shape))
      : lowered.emit(builder, names);
    lowered.outputs.forEach((spec, i) => {
      const name = results[i] as string;
      builder.declare(name, spec.shape);
      produced.push({ name, spec });
    });
  }
  const taken = new Set(inputs.map(({ name }) => name));
  const names = recorded.outputs.map(({ slot }) => (produced[slot] as Named).name);
  const optimized = optimize(builder, names);
  const outputs = recorded.outputs.map(({ spec }, i) => {
    const name = optimized[i] as string;
    // A graph input, or a name that is an output already, needs a copy of its own.
    const own =
      taken.has(name) || !isProduced(builder, name) ? builder.node("Identity", [name]) : name;
    taken.add(own);
    return { name: own, spec };
  });
  const weight = weightOf(builder);
  const { chains, left } = splitGraph(builder, outputs, threads);
  expandOwnOps(
    builder,
    left.map(({ name }) => name),
  );
  const model: Model = {
    inputs: inputs.map(valueInfo),
    outputs: left.map(valueInfo),
    nodes: builder.list,
    constants: builder.constants,
  };
  const handedOn = left.filter((one) => !outputs.includes(one));
  const isSmall = isSmallGraph(builder);
  return { model, inputs, outputs, chains, handedOn, isSmall, weight };
}

/** Up to here one thread is as fast as several, and a session without a pool is cheaper. */
const SMALL_TENSOR = 8192;

function isSmallGraph(builder: ModelBuilder): boolean {
  return builder.list.every(({ inputs, outputs }) =>
    [...inputs, ...outputs].every((name) => {
      const shape = name === "" ? [] : builder.shape(name);
      return shape !== undefined && sizeOf(shape) <= SMALL_TENSOR;
    }),
  );
}

function weightOf(builder: ModelBuilder): number {
  const made = builder.list.flatMap(({ outputs }) => outputs);
  return made.reduce((bytes, name) => bytes + 4 * sizeOf(builder.shape(name) ?? [0]), 0);
}

/** Some ONNX kernels reject what they would compute nothing from. */
function isEmpty(outputs: readonly TensorSpec[]): boolean {
  return outputs.every(({ shape }) => sizeOf(shape) === 0);
}

/** Constants are not produced by a node either. */
function isProduced(builder: ModelBuilder, name: string): boolean {
  return builder.list.some((node) => node.outputs.includes(name));
}

/** One buffer may be read under several shapes: a Reshape stands where they differ. */
function viewer(builder: GraphBuilder): (source: Named, shape: readonly number[]) => string {
  const views = new Map<string, string>();
  return ({ name, spec }, shape) => {
    if (sameShape(spec.shape, shape)) return name;
    const key = `${name}:${shape}`;
    let reshaped = views.get(key);
    if (reshaped === undefined) {
      reshaped = builder.reshape(name, shape);
      views.set(key, reshaped);
    }
    return reshaped;
  };
}

function valueInfo({ name, spec }: Named): {
  name: string;
  dtype: OnnxDtype;
  shape: readonly number[];
} {
  return { name, dtype: spec.dtype as OnnxDtype, shape: spec.shape };
}
