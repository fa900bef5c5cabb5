/**
 * @file Loaded before `npm run conformance` so that it can test the backend `tensorflow`:
 * `CONFORMANCE_BACKEND=tensorflow node --import tsx --import ./suite/engine/scripts/conformance-tensorflow.ts
 * suite/engine/conformance/run.ts`. The bundle under test shares tfjs's engine with this process.
 */
import "@tensorflow/tfjs";
import { defaultThreads } from "../devices.ts";
import { loadTensorflow } from "../tensorflow.ts";

const device = process.env.CONFORMANCE_DEVICE === "cuda" ? "cuda" : "cpu";
loadTensorflow({ device, threads: defaultThreads() });
