/** @file The pending recording and its flush: one run of a compiled graph. */
import type { TensorInfo } from "@tensorflow/tfjs-core";
import type { TensorArray } from "./binding.ts";
import { Compiler } from "./compile.ts";
import { EngineError } from "./error.ts";
import type { Attributes, CallInputs, LoweredKernel, LoweredNode, TensorSpec } from "./graph.ts";
import { sizeOf, TraceNode } from "./graph.ts";
import type { Passage, Recording, Source } from "./passage.ts";
import type { Plan } from "./plan.ts";
import { changedScalars, fits, scalarOf, staysOnDevice, takenBy } from "./plan.ts";
import type { BufferDtype } from "./pool.ts";
import { Buffer, BufferPool, DeviceBuffer } from "./pool.ts";
import { runGraph } from "./run-graph.ts";
import type { SessionOptions } from "./runtime.ts";
import { runtimeError } from "./runtime.ts";
import { Arena } from "./tail/arena.ts";
import type { ValueOwner } from "./value.ts";
import { Value } from "./value.ts";

/** Compiled graphs kept; the least recently used is disposed beyond this. */
const SESSION_LIMIT = 64;
/** Nodes kept in the tree of recordings before it is forgotten and grown anew. */
const TRACE_LIMIT = 50_000;
/**
 * Runs of a GPU that may queue up before one result is read back. The runtime holds the inputs of
 * queued runs, so that without reading its memory would grow by a batch per step.
 */
const QUEUE_LIMIT = 8;
/** A recording this long is run even if nobody asked, so that it cannot grow without bound. */
const RECORDING_LIMIT = 20_000;

/** The graphs compiled for one recording. */
interface Leaf {
  readonly plans: Plan[];
  /** Feeds that changed their value once: inputs for good, never constants again. */
  readonly varying: Set<number>;
}

export class LazyGraph {
  readonly pool: BufferPool;
  readonly compiler: Compiler;
  runs = 0;

  private recording = 1;
  private root = newRoot();
  private traceSize = 0;
  private queued = 0;
  private cursor = this.root;
  private outputs: Value[] = [];
  private feeds: Value[] = [];
  /** Stands in for every output that only its passage reads. */
  private readonly unnamed: Value;

  constructor(
    private readonly owner: ValueOwner,
    options: SessionOptions,
  ) {
    const arena = options.device === "cpu" ? Arena.open() : null;
    this.pool = new BufferPool(arena);
    this.compiler = new Compiler(options, SESSION_LIMIT, arena);
    this.unnamed = new Value(owner, "float32", 0);
    this.unnamed.refCount = 0;
  }

  /** What is recorded and has not been run. */
  get pending(): Recording {
    const { recording: number, cursor, outputs, feeds } = this;
    return { number, cursor, outputs, feeds };
  }

  get isFull(): boolean {
    return this.outputs.length >= RECORDING_LIMIT;
  }

  /** The slot by which nodes of this recording refer to `value`. */
  slotOf(value: Value): number {
    if (value.recording !== this.recording) {
      if (value.failure !== null) throw value.failure;
      this.feeds.push(value);
      value.recording = this.recording;
      value.slot = -this.feeds.length;
    }
    return value.slot;
  }

  /** Slot of a float32 scalar that only the call being recorded reads. */
  scalarSlot(number: number): number {
    return this.slotOf(this.written("float32", [number]));
  }

  /** Appends a passage that follows here; returns the values of its results that are new. */
  repeat(passage: Passage, sources: readonly Source[]): ReadonlyMap<number, Value> {
    for (const feed of passage.feeds) {
      if (feed.kind === "source") this.slotOf((sources[feed.index] as Source).value);
      else this.slotOf(feed.kind === "kept" ? feed.value : this.written(feed.dtype, feed.data));
    }
    const first = this.outputs.length;
    for (let i = 0; i < passage.outputs; i++) this.outputs.push(this.unnamed);
    const made = new Map<number, Value>();
    for (const { from, index, shape, dtype } of passage.results) {
      if (from !== "outputs" || made.has(index)) continue;
      const value = this.valueAt(first + index, { shape, dtype });
      this.outputs[first + index] = value;
      made.set(index, value);
    }
    this.cursor = passage.end as TraceNode<Leaf>;
    return made;
  }

  /** Appends a call and returns its outputs, or null where the kernel's lowering declines it. */
  record(
    kernel: LoweredKernel,
    attributes: Attributes,
    call: CallInputs,
  ): TensorInfo | TensorInfo[] | null {
    let node = this.cursor.find(kernel, attributes, call);
    if (node === null) {
      const lowered = kernel.lowering.lower(call.specs(), attributes);
      if (lowered === null) return null;
      node = this.cursor.extend(kernel, attributes, call, lowered, this.outputs.length);
      this.traceSize++;
    }
    this.cursor = node;
    const { outputs, list } = node.lowered as LoweredNode;
    if (outputs.length === 1 && !list) return this.output(outputs[0] as TensorSpec);
    return outputs.map((spec) => this.output(spec));
  }

  /** Gives the buffer of a disposed value back, unless the recording still reads it. */
  release(value: Value): void {
    if (value.recording === this.recording) return;
    if (value.buffer !== null) this.pool.give(value.buffer);
    value.device?.release();
    value.buffer = null;
    value.device = null;
  }

  /** The values in host memory; copies them from the device where they are only there. */
  download(value: Value): TensorArray | undefined {
    if (value.buffer === null && value.device !== null) {
      const buffer = this.pool.take(value.dtype as BufferDtype, value.size);
      this.compiler
        .downloader()
        .run({ x: value.device.as([value.size]) }, { y: buffer.as([value.size]) }, {});
      value.buffer = buffer;
      this.queued = 0;
    }
    return value.buffer?.data;
  }

  /** Computes every live recorded value. A failure is kept in those values and thrown. */
  flush(): void {
    if (this.outputs.length === 0) {
      this.restart();
      return;
    }
    const { outputs, feeds } = this;
    try {
      this.run(outputs, feeds);
    } catch (cause) {
      const what = "ONNX Runtime could not run a graph";
      const error = cause instanceof EngineError ? cause : runtimeError("run-failed", what, cause);
      for (const value of outputs) if (value.alive && !value.computed) value.failure = error;
      throw error;
    } finally {
      this.restart();
    }
  }

  dispose(): void {
    this.outputs = [];
    this.restart();
    this.compiler.dispose();
    this.pool.clear();
  }

  private output(spec: TensorSpec): TensorInfo {
    const value = this.valueAt(this.outputs.length, spec);
    this.outputs.push(value);
    return { dataId: value, shape: spec.shape as number[], dtype: spec.dtype };
  }

  private valueAt(slot: number, { shape, dtype }: TensorSpec): Value {
    const value = new Value(this.owner, dtype, sizeOf(shape));
    value.recording = this.recording;
    value.slot = slot;
    return value;
  }

  /** Values from JavaScript that nothing but the recording holds. */
  private written(dtype: BufferDtype, data: ArrayLike<number>): Value {
    const value = new Value(this.owner, dtype, data.length);
    value.buffer = this.pool.take(dtype, data.length);
    value.buffer.data.set(data);
    value.written = true;
    value.refCount = 0;
    return value;
  }

  private run(outputs: readonly Value[], feeds: readonly Value[]): void {
    if (!outputs.some((value) => value.alive)) return;
    const plan = this.planFor(outputs, feeds);
    const { graph } = plan;
    const made = runGraph(plan, feeds, this.pool);
    if (made === null) {
      this.compiler.giveUpTails();
      this.run(outputs, feeds);
      return;
    }
    this.runs++;
    graph.outputs.forEach(({ name, spec }, i) => {
      const value = outputs[plan.fetches[i] as number] as Value;
      const result = made.results[name];
      value.buffer = made.buffers.get(name) ?? null;
      if (value.buffer !== null || result === undefined) return;
      if (result.location === "gpu-buffer") value.device = new DeviceBuffer(result);
      else value.buffer = new Buffer(spec.dtype as BufferDtype, result.data, false);
    });
    for (const { name } of graph.tail?.reads ?? [])
      this.pool.give(made.buffers.get(name) as Buffer);
    if (staysOnDevice(graph)) this.limitQueue(plan.fetches.map((slot) => outputs[slot] as Value));
  }

  /** Waits for the GPU now and then, by reading the smallest result of the latest run. */
  private limitQueue(results: readonly Value[]): void {
    this.queued = results.some(({ device }) => device === null) ? 0 : this.queued + 1;
    if (this.queued < QUEUE_LIMIT) return;
    this.download(results.reduce((least, one) => (one.size < least.size ? one : least)));
  }

  private planFor(outputs: readonly Value[], feeds: readonly Value[]): Plan {
    this.cursor.leaf ??= { plans: [], varying: new Set() };
    const { plans, varying } = this.cursor.leaf;
    for (const plan of plans) {
      if (plan.graph.session === null || !fits(plan, outputs)) continue;
      const changed = changedScalars(plan, feeds);
      if (changed.length === 0) {
        this.compiler.touch(plan.graph);
        return plan;
      }
      for (const feed of changed) varying.add(feed);
      this.compiler.retire(plan.graph);
    }
    const live = outputs.map((value) => value.alive);
    const plan = this.compiler.plan(this.cursor, live, (feed) => {
      return varying.has(feed) ? undefined : scalarOf(feeds[feed] as Value);
    });
    plans.unshift(plan);
    const bytes = takenBy(plan.graph).map(({ spec }) => 4 * sizeOf(spec.shape));
    this.pool.expect(bytes.reduce((sum, size) => sum + size, 0));
    return plan;
  }

  private restart(): void {
    const { feeds } = this;
    this.recording++;
    this.cursor = this.root;
    this.outputs = [];
    this.feeds = [];
    for (const value of feeds) if (!value.alive) this.release(value);
    if (this.traceSize > TRACE_LIMIT) {
      this.root = newRoot();
      this.cursor = this.root;
      this.traceSize = 0;
    }
  }
}

function newRoot(): TraceNode<Leaf> {
  return new TraceNode<Leaf>(null, null, {}, [], [], null, 0);
}
