/**
 * @file onnxruntime-node's native part, which nothing else knows, and how it is kept from copying.
 *
 * The binding (`dist/binding.js`) is called instead of the package's public API, because reading a
 * tensor (`dataSync`) must finish within the call. Version 1.30 is pinned for that reason: the
 * public `InferenceSession.run` makes the same synchronous native call after a `setImmediate`, so
 * awaiting it would not free the event loop either.
 *
 * That version makes a new array of each output of a run and copies the values into it, even of an
 * output that was computed into a buffer of the caller's: for a training step a copy of all weights
 * and all state, and so much memory outside V8's heap that V8 collects garbage every few steps. The
 * binding hands each array to the constructor of its tensors, which we may choose, output by output
 * in the model's order. So where every output has a buffer the first one is a number that nobody
 * reads, and the constructor ends the run there: by then everything is computed.
 */
import { createRequire } from "node:module";
import { isMainThread } from "node:worker_threads";
import { EngineError } from "./error.ts";
import type { OnnxDtype } from "./graph.ts";
import type { Model } from "./model.ts";

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

export interface NativeSession extends RuntimeSession {
  loadModel(buffer: ArrayBufferLike, offset: number, length: number, options: object): void;
}

interface Binding {
  InferenceSession: new () => NativeSession;
  initOrtOnce(logLevel: number, tensor: unknown, isMainThread: boolean): void;
}

const PACKAGE_FILE = "onnxruntime-node/package.json";
const LOG_WARNINGS = 2;

const require = createRequire(import.meta.url);

let loaded: Binding | undefined;

/** The binding, loaded at the first call. Throws EngineError `library-missing`. */
export function binding(): Binding {
  loaded ??= orMissing(() => {
    // Else it keeps an identifier of this machine and sends its maker what models are run. It looks once,
    // when it is loaded; whoever wants that sets the variable to 0.
    process.env.ORT_DISABLE_TELEMETRY ??= "1";
    const { binding: native } = require("onnxruntime-node/dist/binding.js") as { binding: Binding };
    native.initOrtOnce(LOG_WARNINGS, stoppable(), isMainThread);
    return native;
  });
  return loaded;
}

/** Version of the installed onnxruntime-node. Throws EngineError `library-missing`. */
export function runtimeVersion(): string {
  return orMissing(() => require(PACKAGE_FILE).version);
}

function orMissing<T>(load: () => T): T {
  try {
    return load();
  } catch (cause) {
    const [reason] = (cause as Error).message.split("\n");
    throw new EngineError(
      "library-missing",
      `onnxruntime-node could not be loaded on ${process.platform} ${process.arch}: ${reason}`,
      "Run `npm ci` again on this machine; prebuilt binaries exist for Linux and Windows (x64, arm64) and macOS (arm64). Without one, use the backend `reference`.",
      { cause },
    );
  }
}

let stopping = false;
const STOPPED = { reason: "All outputs are computed: none needs to be copied." };

/** The package's own tensor, but that its construction can be the end of a run. */
function stoppable(): unknown {
  const common = createRequire(require.resolve(PACKAGE_FILE))("onnxruntime-common");
  const Tensor = common.Tensor as new (...parts: unknown[]) => object;
  return class extends Tensor {
    constructor(...parts: unknown[]) {
      if (stopping) throw STOPPED;
      super(...parts);
    }
  };
}

const FIRST = "first";
const NUMBER: HostTensor = {
  location: "cpu",
  type: "uint8",
  dims: [],
  data: Uint8Array.of(0),
};

/** The model with a first output that nobody reads. */
export function withFirstOutput(model: Model): Model {
  const { dims: shape, type: dtype } = NUMBER;
  return {
    ...model,
    outputs: [{ name: FIRST, dtype, shape }, ...model.outputs],
    constants: [...model.constants, { name: FIRST, dtype, shape, values: [0] }],
  };
}

/** A session of such a model; its runs must give every output a buffer, and return nothing. */
export function withoutCopies(native: NativeSession): RuntimeSession {
  return {
    run(feeds, fetches: Record<string, RuntimeTensor>, options) {
      stopping = true;
      try {
        native.run(feeds, { [FIRST]: NUMBER, ...fetches }, options);
      } catch (cause) {
        if (cause !== STOPPED) throw cause;
      } finally {
        stopping = false;
      }
      return {};
    },
    dispose: () => native.dispose(),
  };
}
