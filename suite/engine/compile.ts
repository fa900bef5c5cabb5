/**
 * @file From a recording to a compiled graph: nodes that no live tensor needs are dropped, the rest
 * is renumbered, and its canonical signature is looked up; only a new one is encoded and loaded.
 */
import type { RuntimeSession } from "./binding.ts";
import type { Device } from "./devices.ts";
import type { GraphBuilder, OnnxDtype, TensorSpec, TraceNode } from "./graph.ts";
import { ABSENT, sameShape, sizeOf } from "./graph.ts";
import type { Model } from "./model.ts";
import { ModelBuilder } from "./model.ts";
import { optimize } from "./optimize/index.ts";
import { type Feed, isFed, prune, type RecordedGraph, signatureOf } from "./recorded.ts";
import type { OutputLocations, SessionOptions } from "./runtime.ts";
import { createSession } from "./runtime.ts";

interface Named {
  readonly name: string;
  readonly spec: TensorSpec;
}

/** Graphs with more intermediates than this are worth some time to save memory. */
const HEAVY_BYTES = 2 ** 26;

/** Intermediates of compiled graphs that may stay beside twice those of the largest one. */
const LIGHT_BYTES = 2 ** 32;

/** A loaded session with the names of its inputs and outputs, in the signature's order. */
export interface CompiledGraph {
  readonly signature: string;
  session: RuntimeSession | null;
  /** Bytes of everything that it computes: what its memory grows with. */
  readonly weight: number;
  readonly inputs: readonly Named[];
  readonly outputs: readonly GraphOutput[];
}

interface GraphOutput extends Named {
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

/** Sessions by signature; the least recently used is disposed when there are too many. */
export class Compiler {
  private readonly cache = new Map<string, CompiledGraph>();
  private download: RuntimeSession | undefined;
  compiles = 0;
  compileMs = 0;

  constructor(
    private readonly options: SessionOptions,
    private readonly limit: number,
  ) {}

  get compiledGraphs(): number {
    return this.cache.size;
  }

  /** `constants` gives the value of a feed that may be taken for a constant. */
  plan(
    end: TraceNode,
    live: readonly boolean[],
    constants: (feed: number) => number | undefined,
  ): Plan {
    const recorded = prune(end, live, constants);
    const key = signatureOf(recorded);
    let graph = this.cache.get(key);
    if (graph === undefined) {
      graph = this.compile(recorded, key);
      this.cache.set(key, graph);
      this.evict();
    }
    return {
      graph,
      live: [...live],
      feeds: recorded.feeds.filter(isFed).map(({ original }) => original),
      assumed: recorded.feeds.flatMap(({ original, constant }) => {
        return constant === undefined ? [] : [{ feed: original, value: constant }];
      }),
      fetches: recorded.outputs.map(({ original }) => original),
    };
  }

  /** A graph whose constants have changed will hardly be asked for again: a large one goes at once. */
  retire(graph: CompiledGraph): void {
    if (graph.weight < HEAVY_BYTES) return;
    this.cache.delete(graph.signature);
    release(graph);
  }

  /** Marks a graph as used now; the cache's order is the order of use. */
  touch(graph: CompiledGraph): void {
    this.cache.delete(graph.signature);
    this.cache.set(graph.signature, graph);
  }

  /** A session that copies a float32 vector `x` from the device to `y` in host memory. */
  downloader(): RuntimeSession {
    this.download ??= createSession(COPY, this.options);
    return this.download;
  }

  dispose(): void {
    this.download?.dispose();
    this.download = undefined;
    for (const graph of this.cache.values()) release(graph);
    this.cache.clear();
  }

  private compile(recorded: RecordedGraph, signature: string): CompiledGraph {
    const start = performance.now();
    const built = build(recorded, this.options.device);
    const { model, inputs, weight } = built;
    const onGpu = this.options.device === "webgpu";
    // Other dtypes are computed on the CPU there, and would only travel.
    const outputs = built.outputs.map((output) => {
      return { ...output, onDevice: onGpu && output.spec.dtype === "float32" };
    });
    const session = createSession(
      model,
      {
        ...this.options,
        threads: built.isSmall ? 1 : this.options.threads,
        memoryPattern: weight < HEAVY_BYTES,
      },
      onGpu ? locationsOf(outputs) : undefined,
    );
    this.compiles++;
    this.compileMs += performance.now() - start;
    return { signature, session, weight, inputs, outputs };
  }

  /** A session keeps the memory of its intermediates: few large ones may stay. */
  private evict(): void {
    const weights = [...this.cache.values()].map(({ weight }) => weight);
    const budget = LIGHT_BYTES + 2 * Math.max(...weights);
    let total = weights.reduce((sum, weight) => sum + weight, 0);
    for (const [key, graph] of this.cache) {
      if (this.cache.size <= this.limit && total <= budget) return;
      this.cache.delete(key);
      total -= graph.weight;
      release(graph);
    }
  }
}

const COPY: Model = {
  inputs: [{ name: "x", dtype: "float32" }],
  outputs: [{ name: "y", dtype: "float32" }],
  nodes: [{ op: "Identity", domain: "", inputs: ["x"], outputs: ["y"], attributes: {} }],
  constants: [],
};

function locationsOf(outputs: readonly GraphOutput[]): OutputLocations {
  return Object.fromEntries(
    outputs.map(({ name, onDevice }) => [name, onDevice ? "gpu-buffer" : "cpu"]),
  );
}

function release(graph: CompiledGraph): void {
  graph.session?.dispose();
  graph.session = null;
}

function build(
  recorded: RecordedGraph,
  device: Device,
): {
  model: Model;
  inputs: Named[];
  outputs: Named[];
  isSmall: boolean;
  weight: number;
} {
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
  const model: Model = {
    inputs: inputs.map(valueInfo),
    outputs: outputs.map(valueInfo),
    nodes: builder.list,
    constants: builder.constants,
  };
  return { model, inputs, outputs, isSmall: isSmallGraph(builder), weight: weightOf(builder) };
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
