/** @file The engine: choosing a backend, running what is pending, and counting. Node only. */
// Registers tfjs's gradients; tfjs-core alone has none.
import "@tensorflow/tfjs";
import * as tf from "@tensorflow/tfjs-core";
import { OnnxBackend } from "./backend.ts";
import { runtimeVersion } from "./binding.ts";
import { registerCost } from "./cost.ts";
import { CUSTOM_KERNEL_FLOPS } from "./custom/cost.ts";
import { registerCustomLowerings } from "./custom/onnxruntime.ts";
import { registerReferenceKernels } from "./custom/reference.ts";
import { registerTensorflowKernels } from "./custom/tensorflow.ts";
import type { Backend, Device, DeviceChoice, DeviceDescription } from "./devices.ts";
import { BACKENDS, defaultThreads, describeDevice } from "./devices.ts";
import { EngineError } from "./error.ts";
import { repairGradients } from "./gradients.ts";
import { BACKEND_NAME } from "./graph.ts";
import { leanEngine } from "./lean/index.ts";
import { registerKernels } from "./lowering/index.ts";
import { loadTensorflow } from "./tensorflow.ts";

export type { Cost, CostRule, PhaseCost } from "./cost.ts";
export { readCost, registerCost, startCost, stopCost } from "./cost.ts";
export type { Device } from "./devices.ts";
export { BACKENDS } from "./devices.ts";
export { EngineError } from "./error.ts";

export type BackendName = Backend;

export interface BackendOptions {
  backend?: BackendName;
  device?: Device;
  /** Threads of one operation; all cores by default. `reference` has one. */
  threads?: number;
  /**
   * Idle threads of onnxruntime spin for their next work. Faster for one process on idle cores;
   * turn it off where processes share cores, as in a sweep.
   */
  spinning?: boolean;
}

/** What computes, for the record: wall-clock times are compared only within one `deviceClass`. */
export interface DeviceReport extends DeviceDescription {
  /** Name and version of the library that computes. */
  runtimeVersion: string;
  /** Whether arithmetic keeps denormal numbers. The engine never turns them off. */
  denormals: "kept";
}

export interface EngineCounters {
  /** Graphs encoded and loaded, and the milliseconds that took. */
  compiles: number;
  compileMs: number;
  /** Runs of a compiled graph. */
  runs: number;
  /** Compiled graphs held now. */
  compiledGraphs: number;
  /** Buffers newly allocated because none could be reused. */
  allocations: number;
  /** Bytes of buffers waiting to be reused. */
  pooledBytes: number;
  /** Calls that tfjs's cpu kernels computed, by kernel. */
  fallbacks: Record<string, number>;
}

/**
 * Chooses what executes tensors and makes it tfjs's active backend. Tensors of another backend stay
 * usable: they are moved when a kernel meets them.
 *
 * @throws EngineError `unknown-backend`, `device-unavailable`, `library-missing`
 */
export async function useBackend(options: BackendOptions = {}): Promise<DeviceReport> {
  const { backend = "onnxruntime", device = "cpu", spinning = true } = options;
  const threads = backend === "reference" ? 1 : (options.threads ?? defaultThreads());
  leanEngine();
  repairGradients();
  registerReferenceKernels("cpu");
  for (const [kernel, flops] of Object.entries(CUSTOM_KERNEL_FLOPS)) registerCost(kernel, flops);
  switch (backend) {
    case "onnxruntime":
      await useOnnxRuntime({ device, threads, spinning });
      return report({ backend, device, threads }, `onnxruntime-node ${runtimeVersion()}`);
    case "reference":
      requireCpu(backend, device);
      await useReference();
      return report({ backend, device, threads }, `tfjs-backend-cpu ${tf.version_core}`);
    case "tensorflow": {
      if (device === "webgpu") requireCpu(backend, device);
      const { version } = loadTensorflow({ device: device as "cpu" | "cuda", threads });
      registerTensorflowKernels();
      return report({ backend, device, threads }, `tensorflow ${version}`);
    }
    default:
      throw new EngineError(
        "unknown-backend",
        `There is no backend "${backend}".`,
        `Choose one of: ${BACKENDS.join(", ")}.`,
      );
  }
}

/** Runs the kernels recorded so far. Backends that compute at once have none. */
export function flush(): void {
  active()?.flush();
}

/** Counters of the backend `onnxruntime` since they were last reset; zeros on other backends. */
export function engineCounters(): EngineCounters {
  return active()?.counters() ?? NO_COUNTS;
}

export function resetEngineCounters(): void {
  active()?.resetCounters();
}

const NO_COUNTS: EngineCounters = {
  compiles: 0,
  compileMs: 0,
  runs: 0,
  compiledGraphs: 0,
  allocations: 0,
  pooledBytes: 0,
  fallbacks: {},
};

let registered = "";

function active(): OnnxBackend | undefined {
  const backend = tf.backend();
  return backend instanceof OnnxBackend ? backend : undefined;
}

async function useOnnxRuntime(options: {
  device: Device;
  threads: number;
  spinning: boolean;
}): Promise<void> {
  registerKernels();
  registerCustomLowerings();
  const key = JSON.stringify(options);
  if (registered !== key || !tf.findBackendFactory(BACKEND_NAME)) {
    if (registered !== "") tf.removeBackend(BACKEND_NAME);
    tf.registerBackend(BACKEND_NAME, () => new OnnxBackend(options));
    registered = key;
  }
  await tf.setBackend(BACKEND_NAME);
  // A missing device shows in its first session only: better here than in the middle of a training.
  if (options.device !== "cpu") tf.tidy(() => tf.square(1).dataSync());
}

async function useReference(): Promise<void> {
  await tf.setBackend("cpu");
  // Its first tensor would print an advertisement for tfjs-node.
  (tf.backend() as unknown as { firstUse: boolean }).firstUse = false;
}

function requireCpu(backend: BackendName, device: Device): void {
  if (device === "cpu") return;
  throw new EngineError(
    "device-unavailable",
    `The backend "${backend}" does not run on the device "${device}".`,
    `Use --backend onnxruntime for ${device}, or --device cpu.`,
  );
}

function report(chosen: DeviceChoice, runtime: string): DeviceReport {
  return { ...describeDevice(chosen), runtimeVersion: runtime, denormals: "kept" };
}
