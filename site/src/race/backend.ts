/** @file tfjs's wasm backend in a worker of the site. */
import "@tensorflow/tfjs-core/dist/register_all_gradients";
import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import plain from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm?url";
import simd from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url";
import * as tf from "@tensorflow/tfjs-core";
import { prepareWasm } from "./kernels.ts";

/** Starts the backend, one thread: without cross-origin isolation there are no more. */
export async function startBackend(): Promise<void> {
  setWasmPaths({
    "tfjs-backend-wasm.wasm": plain,
    "tfjs-backend-wasm-simd.wasm": simd,
    "tfjs-backend-wasm-threaded-simd.wasm": simd,
  });
  await tf.setBackend("wasm");
  await tf.ready();
  prepareWasm();
}
