import "@tensorflow/tfjs";
import "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, expect, it } from "vitest";
import { adamw } from "../../../optimizers/adamw.ts";
import { kfac } from "../../../optimizers/kfac.ts";
import { psgd } from "../../../optimizers/psgd.ts";
import { sgd } from "../../../optimizers/sgd.ts";
import { examplesOf, stream } from "../../../suite/data/browser.ts";
import { registerReferenceKernels } from "../../../suite/engine/custom/reference.ts";
import type { OptimizerDeclaration } from "../../../suite/optimizer/declaration.ts";
import type { Digits } from "./digits.ts";
import { prepareWasm } from "./kernels.ts";
import { createRacer } from "./racer.ts";

const COUNT = 200;

/** Digits that can be learned: each class lights its own row. */
function madeDigits(): Digits {
  const random = stream(3, "probe");
  const labels = Array.from({ length: COUNT }, (_, i) => i % 10);
  const noise = random.uniform(COUNT * 196);
  const pixels = Uint8Array.from(noise, (value, i) => {
    const row = Math.floor((i % 196) / 14);
    return Math.round(60 * value) + (row === labels[Math.floor(i / 196)] ? 180 : 0);
  });
  const examples = examplesOf(pixels, labels, { shape: [14, 14, 1], classes: 10 });
  return { train: examples, test: examples };
}

beforeAll(async () => {
  await tf.setBackend("wasm");
  prepareWasm();
  await tf.setBackend("cpu");
  registerReferenceKernels("cpu");
});

async function losses(backend: string, declaration: OptimizerDeclaration): Promise<number[]> {
  await tf.setBackend(backend);
  const order = {
    optimizer: declaration.id,
    hyperparameters: {},
    batchSize: 40,
    epochs: 2,
    seed: 1,
    digits: "",
  };
  const racer = createRacer(declaration, madeDigits(), order);
  return Array.from({ length: 5 }, () => racer.point(false).loss);
}

it.each([sgd, adamw, kfac, psgd] as unknown as OptimizerDeclaration[])(
  "trains $id in a browser as on the reference backend",
  async (declaration) => {
    const [here, reference] = [await losses("wasm", declaration), await losses("cpu", declaration)];
    here.forEach((loss, step) => {
      expect(Math.abs(loss - (reference[step] as number))).toBeLessThan(
        2e-3 * (reference[0] as number),
      );
    });
    expect(here.at(-1)).toBeLessThan(here[0] as number);
  },
);
