/** @file What stands behind a tensor's dataId: values in a buffer, or a place in the recording. */
import type { backend_util, DataType, TensorInfo } from "@tensorflow/tfjs-core";
import type { EngineError } from "./error.ts";
import type { Buffer, DeviceBuffer } from "./pool.ts";

/** Who can produce the values of a tensor that is not computed yet. */
export interface ValueOwner {
  valuesOf(value: Value): backend_util.BackendValues | undefined;
}

/**
 * Serves as its own dataId, which saves a map lookup per input of every recorded kernel; has the
 * fields that tfjs's cpu kernels read of their `TensorData`.
 */
export class Value {
  refCount = 1;
  /** In host memory; for a tensor on a GPU, a copy once it was read. */
  buffer: Buffer | null = null;
  device: DeviceBuffer | null = null;
  /** Encoded strings; such tensors never enter a graph. */
  strings: Uint8Array[] | null = null;
  complexTensorInfos?: { real: TensorInfo; imag: TensorInfo };
  /** Written from JavaScript; a graph may take a scalar's value for a constant. */
  written = false;
  /** The recording in which `slot` is valid. */
  recording = 0;
  slot = 0;
  /** Why the values could not be computed. */
  failure: EngineError | null = null;

  constructor(
    readonly owner: ValueOwner,
    readonly dtype: DataType,
    readonly size: number,
  ) {}

  get computed(): boolean {
    return this.buffer !== null || this.device !== null;
  }

  get alive(): boolean {
    return this.refCount > 0;
  }

  /** The values in place: not a copy. Runs pending nodes where they are needed. */
  get values(): backend_util.BackendValues | undefined {
    return this.owner.valuesOf(this);
  }
}
