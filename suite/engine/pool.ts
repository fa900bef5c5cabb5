/** @file Buffers of tensors, kept for reuse by dtype and length. */

import type { DeviceTensor, HostTensor, ProducedTensor, TensorArray } from "./binding.ts";
import { sameShape } from "./graph.ts";
import type { Arena } from "./tail/arena.ts";

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

/** What may wait for reuse beside twice the bytes of the largest graph's outputs. */
const SLACK_BYTES = 2 ** 29;

const DTYPE_CODE: Readonly<Record<BufferDtype, number>> = { float32: 0, int32: 1, bool: 2 };

/**
 * Released buffers by dtype and length. Beyond its limit the pool lets those go whose size was not
 * asked for longest.
 */
export class BufferPool {
  /** In order of use: a size that was just used stands last. */
  private readonly free = new Map<number, Buffer[]>();
  /** Memory of buffers, pooled or not: an array that shares it must be copied. */
  private readonly owned = new WeakSet<ArrayBufferLike>();
  private limit = SLACK_BYTES;
  /** Buffers created because none could be reused. */
  allocations = 0;
  pooledBytes = 0;

  /** Arrays of float32 are made in the arena, where there is one and as long as it has room. */
  constructor(private readonly arena: Arena | null = null) {}

  /** A buffer of `length` elements; its contents are arbitrary. */
  take(dtype: BufferDtype, length: number): Buffer {
    const reused = this.free.get(keyOf(dtype, length))?.pop();
    if (reused !== undefined) {
      this.pooledBytes -= reused.data.byteLength;
      return reused;
    }
    this.allocations++;
    const data = (dtype === "float32" && this.arena?.allocate(length)) || newArray(dtype, length);
    this.owned.add(data.buffer);
    return new Buffer(dtype, data, true);
  }

  /** Takes an array over without a copy, or returns null where it shares memory with others. */
  adopt(dtype: BufferDtype, data: TensorArray): Buffer | null {
    if (data.buffer.byteLength !== data.byteLength || this.owned.has(data.buffer)) return null;
    this.owned.add(data.buffer);
    return new Buffer(dtype, data, false);
  }

  /** The buffer, or a copy of it in the arena if it was taken over from elsewhere. */
  settle(buffer: Buffer): Buffer {
    if (buffer.pooled || buffer.dtype !== "float32") return buffer;
    const copy = this.take(buffer.dtype, buffer.data.length);
    copy.data.set(buffer.data);
    return copy;
  }

  give(buffer: Buffer): void {
    if (!buffer.pooled) return;
    const { dtype, data } = buffer;
    const key = keyOf(dtype, data.length);
    const list = this.free.get(key) ?? [];
    list.push(buffer);
    this.free.delete(key);
    this.free.set(key, list);
    this.pooledBytes += data.byteLength;
    if (this.pooledBytes > this.limit) this.shrink();
  }

  /** Makes room for what a graph puts out, so that its next run allocates nothing. */
  expect(bytes: number): void {
    this.limit = Math.max(this.limit, SLACK_BYTES + 2 * bytes);
  }

  clear(): void {
    for (const list of this.free.values()) for (const buffer of list) this.drop(buffer);
    this.free.clear();
  }

  private shrink(): void {
    for (const [key, list] of this.free) {
      while (this.pooledBytes > this.limit) {
        const dropped = list.shift();
        if (dropped === undefined) break;
        this.drop(dropped);
      }
      if (list.length > 0) return;
      this.free.delete(key);
    }
  }

  private drop({ data }: Buffer): void {
    this.pooledBytes -= data.byteLength;
    if (this.arena?.holds(data)) this.arena.release(data as Float32Array);
  }
}

function keyOf(dtype: BufferDtype, length: number): number {
  return 4 * length + DTYPE_CODE[dtype];
}

export function newArray(dtype: BufferDtype, length: number): TensorArray {
  if (dtype === "float32") return new Float32Array(length);
  return dtype === "int32" ? new Int32Array(length) : new Uint8Array(length);
}
