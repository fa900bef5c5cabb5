/**
 * @file The optional backend `tensorflow`: @tensorflow/tfjs-node-gpu, else @tensorflow/tfjs-node.
 *
 * Both are looked for first among the installed packages, then where `npm run tensorflow:build`
 * puts them (`.crossover/`). Neither is a dependency: they are found by name, at run time.
 */
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as tf from "@tensorflow/tfjs-core";
import { EngineError } from "./error.ts";
import { fillTensorflowGaps } from "./tensorflow-fallback.ts";
import type { TensorflowBackend } from "./tensorflow-op.ts";

export interface TensorflowOptions {
  device: "cpu" | "cuda";
  /** Threads inside one operation. */
  threads: number;
}

export interface TensorflowRuntime extends TensorflowOptions {
  /** The npm package that was loaded. */
  package: string;
  /** Version of libtensorflow. */
  version: string;
}

const GPU_PACKAGE = "@tensorflow/tfjs-node-gpu";
const CPU_PACKAGE = "@tensorflow/tfjs-node";
/** From Node 23 on there is no `util.isNullOrUndefined`, which tfjs-node 4.22 calls. */
const FIRST_UNSUPPORTED_NODE = 23;

const require = createRequire(import.meta.url);
const root = fileURLToPath(new URL("../..", import.meta.url));

let loaded: TensorflowRuntime | undefined;

/**
 * Loads TensorFlow, registers the tfjs backend `tensorflow` and makes it the active one.
 * A process can do so once: libtensorflow fixes its device and its threads when it starts.
 *
 * @throws EngineError `library-missing` (nothing installed), `library-unsupported` (Node or tfjs
 *   version, or loaded before with other options), `device-unavailable` (no GPU for `cuda`)
 */
export function loadTensorflow(options: TensorflowOptions): TensorflowRuntime {
  if (loaded) {
    requireSame(loaded, options);
    tf.setBackend("tensorflow");
    return loaded;
  }
  requireNode(process.versions.node);
  setEnvironment(options);
  const name = loadPackage(options.device);
  const { binding, isUsingGpuDevice } = tf.backend() as unknown as TensorflowBackend;
  if (options.device === "cuda" && !isUsingGpuDevice) {
    throw new EngineError(
      "device-unavailable",
      `TensorFlow ${binding.TF_Version} (${name}) was loaded, but it sees no GPU.`,
      "It needs an NVIDIA driver and the CUDA libraries of its version where the loader finds them (LD_LIBRARY_PATH). `npm run doctor` says what is there; `--device cpu` runs without them.",
    );
  }
  fillTensorflowGaps();
  loaded = { ...options, package: name, version: binding.TF_Version };
  return loaded;
}

/** Where a TensorFlow package could be loaded from on this machine, in the order of trying. */
export function tensorflowCandidates(device: "cpu" | "cuda"): { name: string; path: string }[] {
  const names = device === "cuda" ? [GPU_PACKAGE] : [GPU_PACKAGE, CPU_PACKAGE];
  return names
    .flatMap((name) => [
      { name, path: join(root, "node_modules", name) },
      { name, path: join(root, ".crossover", builtFolder(name), "node_modules", name) },
    ])
    .filter(({ path }) => existsSync(path));
}

function builtFolder(name: string): string {
  return name === GPU_PACKAGE ? "tensorflow-cuda" : "tensorflow";
}

/** Loads the first candidate that works; its own side effect makes its backend the active one. */
function loadPackage(device: "cpu" | "cuda"): string {
  const failures: string[] = [];
  for (const { name, path } of tensorflowCandidates(device)) {
    const version: string = require(join(path, "package.json")).version;
    if (version !== tf.version_core) {
      failures.push(`${name} is ${version}, tfjs here is ${tf.version_core}`);
      continue;
    }
    try {
      require(path);
      return name;
    } catch (cause) {
      failures.push(`${name}: ${cause instanceof Error ? cause.message : String(cause)}`);
    }
  }
  throw missing(device, failures);
}

/** The one message that says what to install. `failures`: packages found that did not load. */
export function missing(device: "cpu" | "cuda", failures: readonly string[]): EngineError {
  const name = device === "cuda" ? GPU_PACKAGE : CPU_PACKAGE;
  const flag = device === "cuda" ? " -- --cuda" : "";
  const summary = failures.length
    ? `TensorFlow could not be loaded: ${failures.join("; ")}`
    : `The backend tensorflow on ${device} needs ${name}, which is not installed.`;
  return new EngineError(
    failures.length ? "library-unsupported" : "library-missing",
    summary,
    `Build it against today's TensorFlow: \`npm run tensorflow:build${flag}\` (Linux x64, a minute). Or, where storage.googleapis.com can be reached: \`npm install --no-save --ignore-scripts=false ${name}@${tf.version_core}\` (libtensorflow 2.9.1${device === "cuda" ? ", CUDA 11" : ""}).`,
  );
}

export function requireNode(version: string): void {
  if (Number(version.split(".")[0]) < FIRST_UNSUPPORTED_NODE) return;
  throw new EngineError(
    "library-unsupported",
    `The backend tensorflow does not run on Node ${version}: tfjs-node ${tf.version_core} calls a function that Node 23 removed.`,
    "Use Node 20 or 22 for it, or the backend onnxruntime, which runs on all.",
  );
}

function requireSame(before: TensorflowRuntime, { device, threads }: TensorflowOptions): void {
  if (before.device === device && before.threads === threads) return;
  throw new EngineError(
    "library-unsupported",
    `TensorFlow already runs in this process on ${before.device} with ${before.threads} threads; asked for ${device} with ${threads}.`,
    "libtensorflow fixes both when it starts: use one process per setting.",
  );
}

/** libtensorflow reads these once, when it is loaded. */
function setEnvironment({ device, threads }: TensorflowOptions): void {
  process.env.TF_NUM_INTRAOP_THREADS = String(threads);
  process.env.TF_NUM_INTEROP_THREADS = "1";
  process.env.TF_CPP_MIN_LOG_LEVEL ??= "2";
  // The GPU package takes a GPU whenever it sees one.
  if (device === "cpu") process.env.CUDA_VISIBLE_DEVICES = "-1";
}
