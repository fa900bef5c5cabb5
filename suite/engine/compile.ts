/**
 * @file From a recording to a compiled graph: nodes that no live tensor needs are dropped, the rest
 * is renumbered, and its canonical signature is looked up; only a new one is encoded and loaded.
 */
import type { RuntimeSession } from "./binding.ts";
import { build } from "./build.ts";
import type { TraceNode } from "./graph.ts";
import type { Model } from "./model.ts";
import type { CompiledGraph, GraphOutput, Plan } from "./plan.ts";
import { isFed, prune, type RecordedGraph, signatureOf } from "./recorded.ts";
import type { OutputLocations, SessionOptions } from "./runtime.ts";
import { createSession } from "./runtime.ts";
import type { Arena } from "./tail/arena.ts";
import { Tail } from "./tail/tail.ts";

/** Graphs with more intermediates than this are worth some time to save memory. */
const HEAVY_BYTES = 2 ** 26;

/** Intermediates of compiled graphs that may stay beside twice those of the largest one. */
const LIGHT_BYTES = 2 ** 32;

/** Sessions by signature; the least recently used is disposed when there are too many. */
export class Compiler {
  private readonly cache = new Map<string, CompiledGraph>();
  private download: RuntimeSession | undefined;
  compiles = 0;
  compileMs = 0;

  constructor(
    private readonly options: SessionOptions,
    private readonly limit: number,
    /** Where chains compute; null for none. */
    private arena: Arena | null,
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

  /** From now on sessions compute all of a graph. */
  giveUpTails(): void {
    this.arena = null;
    for (const [key, graph] of this.cache) {
      if (graph.tail === null) continue;
      this.cache.delete(key);
      release(graph);
    }
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
    const { device, threads } = this.options;
    const { arena } = this;
    const built = build(recorded, device, arena === null ? Number.POSITIVE_INFINITY : threads);
    const { model, inputs, weight, chains } = built;
    const onGpu = device === "webgpu";
    // Other dtypes are computed on the CPU there, and would only travel.
    const outputs = built.outputs.map((output) => {
      return { ...output, onDevice: onGpu && output.spec.dtype === "float32" };
    });
    const session = createSession(
      model,
      {
        ...this.options,
        threads: built.isSmall ? 1 : threads,
        memoryPattern: weight < HEAVY_BYTES,
      },
      onGpu ? locationsOf(outputs) : undefined,
    );
    this.compiles++;
    const tail = arena && chains.length > 0 ? new Tail(chains, built.handedOn, arena) : null;
    this.compileMs += performance.now() - start;
    return { signature, session, weight, inputs, outputs, tail };
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
