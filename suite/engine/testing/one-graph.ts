/** @file For a test: a process that runs one graph on the default engine. */
import * as tf from "@tensorflow/tfjs-core";
import { useBackend } from "../index.ts";

await useBackend({ threads: 1 });
tf.matMul(tf.ones([4, 4]), tf.ones([4, 4])).dataSync();
