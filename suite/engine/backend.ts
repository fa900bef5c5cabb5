/**
 * @file The tfjs backend `onnxruntime`: it records kernels that have a lowering and runs them
 * together; for the others it is tfjs's cpu backend, whose kernels read and write its values.
 */
import { MathBackendCPU } from "@tensorflow/tfjs-backend-cpu";
import type { backend_util, NamedTensorInfoMap, TensorInfo } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import type { TensorArray } from "./binding.ts";
import { EngineError } from "./error.ts";
import { LazyGraph } from "./execute.ts";
import type { Attributes, LoweredKernel } from "./graph.ts";
import { CallInputs } from "./graph.ts";
import { Passages } from "./passages.ts";
import type { BufferDtype } from "./pool.ts";
import { type Buffer, newArray } from "./pool.ts";
import type { SessionOptions } from "./runtime.ts";
import type { ValueOwner } from "./value.ts";
import { Value } from "./value.ts";

type Values = backend_util.BackendValues | string[] | undefined;

export class OnnxBackend extends MathBackendCPU implements ValueOwner {
  readonly graph: LazyGraph;
  readonly passages: Passages;
  /** Calls of kernels without a lowering, by kernel name. */
  fallbacks: Record<string, number> = {};

  private readonly call = new CallInputs();
  private readonly foreign = new WeakMap<object, Value>();
  /** Of dataIds. */
  count = 0;

  constructor(options: SessionOptions) {
    super();
    this.graph = new LazyGraph(this, options);
    this.passages = new Passages(this);
    this.data = new ValueStore(this);
  }

  /** Records a kernel call, or computes it with tfjs's cpu kernel. */
  run(
    kernel: LoweredKernel,
    inputs: NamedTensorInfoMap,
    attributes: Attributes,
  ): TensorInfo | TensorInfo[] {
    const { call, graph } = this;
    if (graph.isFull) graph.flush();
    const { inputs: names, volatile, check } = kernel.lowering;
    call.count = 0;
    if (names === undefined) {
      for (const info of inputs as unknown as TensorInfo[]) this.add(info);
    } else {
      for (const name of names) {
        const info = inputs[name];
        if (info) this.add(info);
        else call.addAbsent();
      }
    }
    if (check !== undefined) this.check(kernel, inputs, attributes);
    if (volatile !== undefined) {
      for (const name of volatile)
        call.add(graph.scalarSlot(attributes[name] as number), [], "float32");
    }
    const result = graph.record(kernel, attributes, call);
    if (result === null) return this.fallBack(kernel.name, inputs, attributes);
    this.count += Array.isArray(result) ? result.length : 1;
    return result;
  }

  /** Computes a kernel with tfjs's cpu implementation and counts it. */
  fallBack(
    kernelName: string,
    inputs: NamedTensorInfoMap,
    attributes: Attributes,
  ): TensorInfo | TensorInfo[] {
    const kernel = tf.getKernel(kernelName, "cpu");
    if (kernel === undefined) {
      const shapes = Object.values(inputs).map((info) => `${info?.dtype}[${info?.shape}]`);
      throw new EngineError(
        "unsupported-shape",
        `The kernel ${kernelName} cannot compute ${shapes.join(", ")} on this backend, and tfjs's cpu backend has no such kernel.`,
        "Reshape or cast the inputs to what the kernel documents.",
      );
    }
    this.fallbacks[kernelName] = (this.fallbacks[kernelName] ?? 0) + 1;
    const attrs = attributes as tf.NamedAttrMap;
    const result = kernel.kernelFunc({ inputs, attrs, backend: this });
    return Array.isArray(result) ? result.map((info) => this.typed(info)) : this.typed(result);
  }

  /** The same values under another shape. */
  alias(info: TensorInfo, shape: number[]): TensorInfo {
    this.find(info.dataId).refCount++;
    return { dataId: info.dataId, shape, dtype: info.dtype };
  }

  flush(): void {
    this.graph.flush();
  }

  counters() {
    const { compiler, pool, runs } = this.graph;
    return {
      compiles: compiler.compiles,
      compileMs: compiler.compileMs,
      runs,
      compiledGraphs: compiler.compiledGraphs,
      allocations: pool.allocations,
      pooledBytes: pool.pooledBytes,
      fallbacks: { ...this.fallbacks },
    };
  }

  resetCounters(): void {
    const { compiler, pool } = this.graph;
    compiler.compiles = 0;
    compiler.compileMs = 0;
    pool.allocations = 0;
    this.graph.runs = 0;
    this.fallbacks = {};
  }

  /** The value behind a dataId; one that belongs to another backend is moved here first. */
  find(dataId: object): Value {
    const value = this.lookup(dataId);
    if (value !== undefined) return value;
    tf.engine().moveData(this, dataId);
    return this.lookup(dataId) as Value;
  }

  lookup(dataId: object): Value | undefined {
    // One that was moved to another backend is dead; if it came back, it did so as a foreign id.
    if (dataId instanceof Value && dataId.owner === this && dataId.alive) return dataId;
    return this.foreign.get(dataId);
  }

  valuesOf(value: Value): backend_util.BackendValues | undefined {
    if (value.strings !== null) return value.strings;
    if (!value.computed && value.dtype !== "complex64") {
      if (value.failure !== null) throw value.failure;
      this.flush();
    }
    return this.graph.download(value);
  }

  /** A copy is kept, so that a caller may fill its array with the next batch before the flush. */
  override write(values: backend_util.BackendValues, _shape: number[], dtype: tf.DataType): object {
    return this.newValue(values, dtype, true);
  }

  override makeTensorInfo(shape: number[], dtype: tf.DataType, values?: Values): TensorInfo {
    const encoded =
      dtype === "string" && typeof values?.[0] === "string"
        ? (values as string[]).map((text) => tf.util.encodeString(text))
        : values;
    const dataId = this.newValue(encoded as backend_util.BackendValues | undefined, dtype, false);
    return { dataId, shape, dtype };
  }

  override move(
    dataId: object,
    values: backend_util.BackendValues,
    _shape: number[],
    dtype: tf.DataType,
    refCount: number,
  ): void {
    const value = this.newValue(values, dtype, false);
    value.refCount = refCount;
    this.foreign.set(dataId, value);
  }

  override incRef(dataId: object): void {
    this.find(dataId).refCount++;
  }

  override numDataIds(): number {
    return this.count;
  }

  override disposeData(dataId: object, force = false): boolean {
    const value = this.lookup(dataId);
    if (!value?.alive) return true;
    value.refCount--;
    if (!force && value.refCount > 0) return false;
    value.refCount = 0;
    this.count--;
    if (value.complexTensorInfos) {
      this.disposeData(value.complexTensorInfos.real.dataId, true);
      this.disposeData(value.complexTensorInfos.imag.dataId, true);
    }
    this.graph.release(value);
    return true;
  }

  override disposeIntermediateTensorInfo(info: TensorInfo): void {
    this.disposeData(info.dataId);
  }

  /** A copy: the buffer itself is reused when the tensor is disposed. */
  override readSync(dataId: object): backend_util.BackendValues {
    const value = this.find(dataId);
    if (value.dtype === "complex64") return super.readSync(dataId);
    return (
      this.valuesOf(value) ?? newArray(value.dtype as BufferDtype, 0)
    ).slice() as backend_util.BackendValues;
  }

  override async time(work: () => void): Promise<{ kernelMs: number }> {
    const start = performance.now();
    work();
    this.flush();
    return { kernelMs: performance.now() - start };
  }

  override dispose(): void {
    this.graph.dispose();
  }

  private add(info: TensorInfo): void {
    const value = this.find(info.dataId);
    this.call.add(this.graph.slotOf(value), info.shape, info.dtype);
  }

  /** tfjs's cpu kernels may give a buffer another dtype; here a buffer has one. */
  private typed(info: TensorInfo): TensorInfo {
    const value = this.find(info.dataId);
    const { buffer } = value;
    if (value.dtype === info.dtype || buffer === null) return info;
    const copy = this.makeTensorInfo(info.shape, info.dtype, buffer.data);
    this.disposeData(info.dataId);
    return copy;
  }

  private check(kernel: LoweredKernel, inputs: NamedTensorInfoMap, attributes: Attributes): void {
    const { inputs: names = [], check } = kernel.lowering;
    const given = names.flatMap((name) => inputs[name] ?? []);
    const values = given.map(({ dataId }) => this.find(dataId).buffer?.data ?? null);
    check?.(values, given, attributes);
  }

  private newValue(
    values: backend_util.BackendValues | undefined,
    dtype: tf.DataType,
    copy: boolean,
  ): Value {
    const value = new Value(this, dtype, values?.length ?? 0);
    value.written = copy;
    this.count++;
    if (dtype === "string") value.strings = (values as Uint8Array[] | undefined) ?? null;
    else if (values !== undefined && dtype !== "complex64") {
      value.buffer = this.store(values as TensorArray, dtype, copy);
    }
    return value;
  }

  /** A buffer with these values; results of fallback kernels are taken over where possible. */
  private store(values: TensorArray, dtype: BufferDtype, copy: boolean): Buffer {
    const { pool } = this.graph;
    if (!copy && dtype !== "bool" && values.constructor === ARRAYS[dtype]) {
      const adopted = pool.adopt(dtype, values);
      if (adopted !== null) return adopted;
    }
    const buffer = pool.take(dtype, values.length);
    if (dtype === "bool") {
      // ONNX Runtime computes with the bytes of a bool, which must therefore be 0 or 1.
      for (let i = 0; i < values.length; i++) buffer.data[i] = values[i] ? 1 : 0;
    } else buffer.data.set(values);
    return buffer;
  }
}

const ARRAYS = { float32: Float32Array, int32: Int32Array, bool: Uint8Array };

/** What tfjs's cpu kernels reach for as `backend.data`. */
class ValueStore extends tf.DataStorage<Value> {
  constructor(private readonly owner: OnnxBackend) {
    super(owner, tf.engine());
  }

  override get(dataId: object): Value {
    return this.owner.find(dataId);
  }

  override has(dataId: object): boolean {
    return this.owner.lookup(dataId)?.alive ?? false;
  }

  override numDataIds(): number {
    return this.owner.numDataIds();
  }
}
