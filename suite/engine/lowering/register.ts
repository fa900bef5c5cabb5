/** @file Registering kernels for the backend `onnxruntime`. */
import type { NamedAttrMap, NamedTensorInfoMap, TensorInfo } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import type { OnnxBackend } from "../backend.ts";
import type { Attributes, Lowering } from "../graph.ts";
import { BACKEND_NAME } from "../graph.ts";

interface KernelCall {
  inputs: NamedTensorInfoMap;
  attrs?: NamedAttrMap;
  backend: unknown;
}

type Kernel = (
  backend: OnnxBackend,
  inputs: NamedTensorInfoMap,
  attributes: Attributes,
) => TensorInfo | TensorInfo[];

/**
 * Gives a kernel (tfjs's own or a custom one) its lowering, at any time before its first call.
 * Where the lowering declines, the kernel of that name on tfjs's `cpu` backend is called.
 */
export function registerLowering(name: string, lowering: Lowering): void {
  const kernel = { name, lowering };
  registerOn(name, (backend, inputs, attributes) => backend.run(kernel, inputs, attributes));
}

/** Registers a kernel that decides by itself what to record. */
export function registerOn(name: string, kernel: Kernel): void {
  if (tf.getKernel(name, BACKEND_NAME)) tf.unregisterKernel(name, BACKEND_NAME);
  tf.registerKernel({
    kernelName: name,
    backendName: BACKEND_NAME,
    kernelFunc: ({ inputs, attrs, backend }: KernelCall) =>
      kernel(backend as OnnxBackend, inputs, attrs as Attributes),
  });
}

/** Every kernel of tfjs's cpu backend that has none here yet: computed there, and counted. */
export function registerFallbacks(): void {
  for (const { kernelName } of tf.getKernelsForBackend("cpu")) {
    if (tf.getKernel(kernelName, BACKEND_NAME)) continue;
    registerOn(kernelName, (backend, inputs, attributes) =>
      backend.fallBack(kernelName, inputs, attributes),
    );
  }
}
