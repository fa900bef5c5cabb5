/**
 * @file The only file that knows onnxruntime-node.
 *
 * It calls the package's binding (`dist/binding.js`) instead of its public API, because reading a
 * tensor (`dataSync`) must finish within the call. Version 1.30 is pinned for that reason: the
 * public `InferenceSession.run` makes the same synchronous native call after a `setImmediate`, so
 * awaiting it would not free the event loop either.
 */
import { createRequire } from "node:module";
import { deviceError } from "./device-errors.ts";
import type { Device } from "./devices.ts";
import { EngineError } from "./error.ts";
import type { OnnxDtype } from "./graph.ts";

export type { Device };

export type TensorArray = Float32Array | Int32Array | Uint8Array;

/** What the binding reads of a tensor in memory; a plain object does. */
export interface HostTensor {
  readonly location: "cpu";
  readonly type: OnnxDtype;
  readonly dims: readonly number[];
  readonly data: TensorArray;
}

/** A tensor in a GPU's memory. Its `getData` must not be called: in Node it ends the process. */
export interface DeviceTensor {
  readonly location: "gpu-buffer";
  readonly type: OnnxDtype;
  readonly dims: readonly number[];
  readonly gpuBuffer: object;
}

/** One that a session has allocated: whoever got it disposes of it. */
export interface ProducedTensor extends DeviceTensor {
  dispose(): void;
}

export type RuntimeTensor = HostTensor | DeviceTensor;
export type RuntimeResults = Record<string, HostTensor | ProducedTensor>;

export interface RuntimeSession {
  run(
    feeds: Record<string, RuntimeTensor>,
    fetches: Record<string, RuntimeTensor | null>,
    options: object,
  ): RuntimeResults;
  dispose(): void;
}

interface NativeSession extends RuntimeSession {
  loadModel(buffer: ArrayBufferLike, offset: number, length: number, options: object): void;
}

interface Binding {
  InferenceSession: new () => NativeSession;
}

/** Where a graph's outputs are wanted; in host memory if not said. */
export type OutputLocations = Readonly<Record<string, "gpu-buffer" | "cpu">>;

export interface SessionOptions {
  readonly device: Device;
  /** Threads of one operator. */
  readonly threads: number;
  /** Idle threads spin for the next operator: faster on idle cores, slower on shared ones. */
  readonly spinning: boolean;
  /**
   * Whether intermediates get one block, planned in the first run: some percent faster where they
   * are small, and up to twice the memory where they are not. Default: planned.
   */
  readonly memoryPattern?: boolean;
}

/**
 * How long idle threads spin: over the JavaScript between two steps. By default (1.30) they do so for
 * some 60 ms, and the pools of sessions that take turns fight for the cores.
 */
const SPIN_MICROSECONDS = "2000";

const require = createRequire(import.meta.url);

let loaded: Binding | undefined;

function binding(): Binding {
  if (loaded) return loaded;
  // Else it keeps an identifier of this machine and sends its maker what models are run. It looks once,
  // when it is loaded; whoever wants that sets the variable to 0.
  process.env.ORT_DISABLE_TELEMETRY ??= "1";
  try {
    const module = require("onnxruntime-node/dist/binding.js");
    module.initOrt();
    loaded = module.binding as Binding;
    return loaded;
  } catch (cause) {
    throw new EngineError(
      "library-missing",
      `onnxruntime-node could not be loaded on ${process.platform} ${process.arch}: ${messageOf(cause)}`,
      "Run `npm ci` again on this machine; prebuilt binaries exist for Linux and Windows (x64, arm64) and macOS (arm64). Without one, use the backend `reference`.",
      { cause },
    );
  }
}

/** Version of the installed onnxruntime-node. */
export function runtimeVersion(): string {
  return require("onnxruntime-node/package.json").version;
}

/** Loads an encoded ONNX model. Throws EngineError `session-failed` or `out-of-memory`. */
export function createSession(
  model: Uint8Array,
  options: SessionOptions,
  locations?: OutputLocations,
): RuntimeSession {
  const { InferenceSession } = binding();
  const session = new InferenceSession();
  try {
    session.loadModel(model.buffer, model.byteOffset, model.byteLength, {
      ...nativeOptions(options),
      ...(locations && { preferredOutputLocation: locations }),
    });
  } catch (cause) {
    throw (
      deviceError(options.device, messageOf(cause)) ??
      runtimeError("session-failed", "ONNX Runtime could not create a session", cause)
    );
  }
  return locations ? outlivedByTensors(session) : session;
}

/**
 * A session that is disposed only after the tensors that it left in the GPU's memory: the other way
 * round, disposing of such a tensor ends the process (onnxruntime-node 1.30).
 */
function outlivedByTensors(native: RuntimeSession): RuntimeSession {
  let tensors = 0;
  let disposed = false;
  const follow = (tensor: ProducedTensor) => {
    tensors++;
    const dispose = tensor.dispose.bind(tensor);
    tensor.dispose = () => {
      dispose();
      tensors--;
      if (disposed && tensors === 0) native.dispose();
    };
  };
  return {
    run(feeds, fetches, options) {
      const results = native.run(feeds, fetches, options);
      for (const tensor of Object.values(results)) {
        if (tensor.location === "gpu-buffer") follow(tensor);
      }
      return results;
    },
    dispose() {
      disposed = true;
      if (tensors === 0) native.dispose();
    },
  };
}

function nativeOptions(options: SessionOptions): object {
  const { device, threads, spinning, memoryPattern = true } = options;
  return {
    executionProviders: device === "cpu" ? ["cpu"] : [device, "cpu"],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: "sequential",
    enableMemPattern: memoryPattern,
    graphOptimizationLevel: "all",
    // Failures are thrown; nothing is printed beside them.
    logSeverityLevel: 4,
    extra: {
      session: {
        intra_op: { allow_spinning: spinning ? "1" : "0", spin_duration_us: SPIN_MICROSECONDS },
      },
    },
  };
}

/** Any native failure as an EngineError; exhausted memory is told apart by its words. */
export function runtimeError(
  code: "session-failed" | "run-failed",
  what: string,
  cause: unknown,
): EngineError {
  const reason = messageOf(cause);
  if (/bad_alloc|failed to allocate|out of memory|allocation failed|array length/i.test(reason)) {
    return new EngineError(
      "out-of-memory",
      `${what}: out of memory (${reason})`,
      "Use a smaller batch or model, or a machine with more memory.",
      { cause },
    );
  }
  if (/NOT_IMPLEMENTED|could not find an implementation/i.test(reason)) {
    return new EngineError(
      "unsupported-dtype",
      `${what}: ${reason}`,
      "Cast the inputs to float32 or int32.",
      { cause },
    );
  }
  return new EngineError(
    code,
    `${what}: ${reason}`,
    "Tensors that depended on this graph are lost; everything computed before is intact. The backend `reference` shows whether the model or the engine is at fault.",
    { cause },
  );
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
