/** @file What of tfjs-core 4.22's engine the lean versions of its methods touch. */
import type { NamedAttrMap, NamedTensorInfoMap, TensorInfo } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";

export type NamedTensors = Record<string, tf.Tensor>;

export interface Scope {
  readonly track: tf.Tensor[];
  readonly name: string;
  readonly id: number;
}

export interface TapeNode {
  readonly id: number;
  readonly kernelName: string;
  readonly inputs: NamedTensors;
  readonly outputs: tf.Tensor[];
  readonly saved: tf.Tensor[];
  gradient?: (dys: (tf.Tensor | null)[]) => Record<string, () => tf.Tensor>;
}

/** What tfjs knows of a dataId. */
export interface DataRecord {
  readonly backend: tf.KernelBackend;
  readonly dtype: tf.DataType;
  readonly shape: number[];
  bytes: number;
}

export interface EngineState {
  nextScopeId: number;
  nextTapeNodeId: number;
  gradientDepth: number;
  kernelDepth: number;
  profiling: boolean;
  numBytes: number;
  numTensors: number;
  numDataBuffers: number;
  scopeStack: Scope[];
  numDataMovesStack: number[];
  activeScope: Scope | null;
  activeTape: TapeNode[] | null;
  tensorInfo: Pick<WeakMap<object, DataRecord>, "get" | "set" | "has" | "delete">;
}

export type RunKernel = (
  kernelName: string,
  inputs: NamedTensorInfoMap,
  attributes?: NamedAttrMap,
) => tf.Tensor | tf.Tensor[];

/** The engine, with the members that tfjs does not declare public. */
export interface Internals {
  /** Replaced by `reset`. */
  readonly state: EngineState;
  readonly backend: tf.KernelBackend;
  readonly backendName: string | null;
  nextTensorId(): number;
  runKernel: RunKernel;
  startScope: (name?: string) => void;
  endScope: (result?: unknown) => void;
  gradients: (
    f: () => tf.Tensor,
    xs: tf.Tensor[],
    dy?: tf.Tensor | null,
    allowNoGradients?: boolean,
  ) => { value: tf.Tensor; grads: tf.Tensor[] };
  checkKernelForMemLeak(kernelName: string, before: number, outputs: TensorInfo[]): void;
  startTape(): void;
  endTape(): void;
  makeTensorFromTensorInfo(info: TensorInfo): tf.Tensor;
  clone(x: tf.Tensor): tf.Tensor;
  addTapeNode: (
    kernelName: string,
    inputs: NamedTensors,
    outputs: tf.Tensor[],
    gradient: unknown,
    saved: tf.Tensor[],
    attributes: unknown,
  ) => void;
}

export function internals(): Internals {
  return tf.engine() as unknown as Internals;
}

/** A tensor's members that tfjs keeps to itself. */
export interface TrackedTensor extends tf.Tensor {
  kept: boolean;
  scopeId: number;
}
