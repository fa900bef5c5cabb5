/** @file Sessions of ONNX Runtime: how a model is loaded, with what options, and what its failures mean. */
import {
  binding,
  type ProducedTensor,
  type RuntimeSession,
  withFirstOutput,
  withoutCopies,
} from "./binding.ts";
import { deviceError } from "./device-errors.ts";
import type { Device } from "./devices.ts";
import { EngineError } from "./error.ts";
import { sizeOf } from "./graph.ts";
import { encodeModel, type Model } from "./model.ts";

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

/** To keep a run from copying its outputs takes some 20 µs, in which as many bytes are copied. */
const BYTES_WORTH_IT = 2 ** 17;

/**
 * Loads a model. With `locations` outputs may stay on the device; without, every run must give a
 * buffer to each output, and what it returns is nobody's. Throws EngineError
 * `library-missing`, `session-failed` or `out-of-memory`.
 */
export function createSession(
  model: Model,
  options: SessionOptions,
  locations?: OutputLocations,
): RuntimeSession {
  const { InferenceSession } = binding();
  const session = new InferenceSession();
  const endsEarly = !locations && outputBytes(model) > BYTES_WORTH_IT;
  try {
    const bytes = encodeModel(endsEarly ? withFirstOutput(model) : model);
    session.loadModel(bytes.buffer, bytes.byteOffset, bytes.byteLength, {
      ...nativeOptions(options),
      ...(locations && { preferredOutputLocation: locations }),
    });
  } catch (cause) {
    throw (
      deviceError(options.device, messageOf(cause)) ??
      runtimeError("session-failed", "ONNX Runtime could not create a session", cause)
    );
  }
  if (locations) return outlivedByTensors(session);
  return endsEarly ? withoutCopies(session) : session;
}

function outputBytes({ outputs }: Model): number {
  return outputs.reduce((sum, { shape = [] }) => sum + 4 * sizeOf(shape), 0);
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
