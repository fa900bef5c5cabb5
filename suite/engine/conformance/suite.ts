/**
 * @file What the conformance run bundles: tfjs-core's published tests, its gradients (repaired as
 * everywhere in Crossover), its engine (made lean, as everywhere), and the backend under test.
 */
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-core/dist/register_all_gradients";
import "@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops";
import "@tensorflow/tfjs-backend-cpu";
import { setTestEnvs } from "@tensorflow/tfjs-core/dist/jasmine_util";
import { OnnxBackend } from "../backend.ts";
import type { Device } from "../devices.ts";
import { repairGradients } from "../gradients.ts";
import { BACKEND_NAME } from "../graph.ts";
import { leanEngine } from "../lean/index.ts";
import { registerKernels } from "../lowering/index.ts";

const backendName = process.env.CONFORMANCE_BACKEND ?? BACKEND_NAME;
const device = (process.env.CONFORMANCE_DEVICE ?? "cpu") as Device;

leanEngine();
repairGradients();
registerKernels();
tf.registerBackend(BACKEND_NAME, () => {
  return new OnnxBackend({ device, threads: 1, spinning: false });
});
setTestEnvs([{ name: backendName, backendName, isDataSync: true }]);
