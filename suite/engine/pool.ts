/** @file Buffers of tensors, kept for reuse by dtype and length. */

import { sameShape } from "./graph.ts";
import type { DeviceTensor, HostTensor, ProducedTensor, TensorArray } from "./runtime.ts";

export type BufferDtype = "float32" | "int32" | "bool";

/** Memory of one tensor on the CPU, with the object by which the runtime was last given it. */
export class Buffer {
  private tensor: HostTensor | null = null;

  constructor(
    readonly dtype: BufferDtype,
    readonly data: TensorArray,
    /** False for arrays that came from a fallback kernel: they are left to the garbage collector. */
    readonly pooled: boolean,
  ) {}

  as(shape: readonly number[]): HostTensor {
    const { tensor } = this;
    if (tensor !== null && sameShape(tensor.dims, shape)) return tensor;
    this.tensor = { type: this.dtype, dims: shape, data: this.data, location: "cpu" };
    return this.tensor;
  }
}

/** Memory of one tensor on a GPU; the runtime allocates it and keeps its own pool. */
export class DeviceBuffer {
  constructor(private readonly tensor: ProducedTensor) {}

  as(dims: readonly number[]): DeviceTensor {
    const { type, location, gpuBuffer } = this.tensor;
    return { type, location, gpuBuffer, dims };
  }

  release(): void {
    this.tensor.dispose();
  }
}

/** Above this, released buffers are left to the garbage collector. */
const POOL_LIMIT_BYTES = 2 ** 31;

export class BufferPool {
  private readonly free: Record<BufferDtype, Map<number, Buffer[]>> = {
    float32: new Map(),
    int32: new Map(),
    bool: new Map(),
  };
  /** Memory of buffers, pooled or not: an array that shares it must be copied. */
  private readonly owned = new WeakSet<ArrayBufferLike>();
  /** Buffers created because none could be reused. */
  allocations = 0;
  pooledBytes = 0;

  /** A buffer of `length` elements; its contents are arbitrary. */
  take(dtype: BufferDtype, length: number): Buffer {
    const reused = this.free[dtype].get(length)?.pop();
    if (reused !== undefined) {
      this.pooledBytes -= reused.data.byteLength;
      return reused;
    }
    this.allocations++;
    const data = newArray(dtype, length);
    this.owned.add(data.buffer);
    return new Buffer(dtype, data, true);
  }

  /** Takes an array over without a copy, or returns null where it shares memory with others. */
  adopt(dtype: BufferDtype, data: TensorArray): Buffer | null {
    if (data.buffer.byteLength !== data.byteLength || this.owned.has(data.buffer)) return null;
    this.owned.add(data.buffer);
    return new Buffer(dtype, data, false);
  }

  give(buffer: Buffer): void {
    const { dtype, data } = buffer;
    if (!buffer.pooled || this.pooledBytes + data.byteLength > POOL_LIMIT_BYTES) return;
    const list = this.free[dtype].get(data.length);
    if (list) list.push(buffer);
    else this.free[dtype].set(data.length, [buffer]);
    this.pooledBytes += data.byteLength;
  }

  clear(): void {
    for (const lists of Object.values(this.free)) lists.clear();
    this.pooledBytes = 0;
  }
}

export function newArray(dtype: BufferDtype, length: number): TensorArray {
  if (dtype === "float32") return new Float32Array(length);
  return dtype === "int32" ? new Int32Array(length) : new Uint8Array(length);
}
