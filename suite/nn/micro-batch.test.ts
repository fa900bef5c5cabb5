import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { engineCounters, resetEngineCounters, useBackend } from "../engine/index.ts";
import { evaluateBatch } from "./evaluate.ts";
import type { KroneckerLayer } from "./parameter.ts";
import {
  directionOf,
  EVERYTHING,
  OPTIONS,
  perceptron,
  SUBJECTS,
  withSubject,
} from "./testing/subjects.ts";
import { expectClose, relativeDistance, TESTED_BACKENDS } from "./testing/support.ts";

describe.each(TESTED_BACKENDS)("micro-batches on the %s backend", (backend) => {
  let tensors = 0;
  beforeAll(async () => {
    await useBackend({ backend, threads: 1 });
    tensors = tf.memory().numTensors;
  });
  // Every test also proves that no tensor is left behind.
  afterEach(() => expect(tf.memory().numTensors).toBe(tensors));

  describe.each(Object.entries(SUBJECTS))("of %s", (_, make) => {
    it.each([1, 3])("gives the same in micro-batches of %i", (microBatchSize) => {
      withSubject(make, ({ model, batch }) => {
        const probe = directionOf(model);
        const request = { ...EVERYTHING, probe };
        const whole = evaluateBatch(model, batch, request, OPTIONS);
        const parts = evaluateBatch(model, batch, request, { ...OPTIONS, microBatchSize });
        expectClose(parts.loss, whole.loss);
        for (const list of ["gradients", "sampledGradients", "hessianVector"] as const) {
          expect(relativeDistance(parts[list] ?? [], whole[list] ?? [])).toBeLessThan(2e-5);
        }
        for (const [layer, wanted] of whole.observations) {
          const given = parts.observations.get(layer);
          expect(given?.rows).toBe(wanted.rows);
          expect(given?.positions).toBe(wanted.positions);
          for (const what of [
            "inputs",
            "preactivations",
            "outputGradients",
            "sampledOutputGradients",
          ] as const) {
            expectClose(given?.[what] as tf.Tensor, wanted[what] as tf.Tensor);
          }
        }
      });
    });
  });
});

it.each([1, 3, 7])(
  "asks by the whole batch's rows which layers show anything, in parts of %i",
  async (microBatchSize) => {
    await useBackend({ backend: "reference" });
    withSubject(perceptron, ({ model, batch }) => {
      const asked: (readonly [string, number])[] = [];
      const only = ({ name }: KroneckerLayer, rows: number) => {
        asked.push([name, rows]);
        return name === model.layers[1]?.name;
      };
      const request = { inputs: true, outputGradients: true, only };
      const { observations } = evaluateBatch(model, batch, request, { ...OPTIONS, microBatchSize });
      expect(new Set(asked.map(([, rows]) => rows))).toEqual(new Set([batch.examples]));
      expect(new Set(asked.map(([name]) => name)).size).toBe(model.layers.length);
      const shown = [...observations.keys()];
      expect(shown).toEqual([model.layers[1]]);
      const { inputs, outputGradients } = observations.get(shown[0] as KroneckerLayer) ?? {};
      expect([inputs?.shape[0], outputGradients?.shape[0]]).toEqual([
        batch.examples,
        batch.examples,
      ]);
    });
  },
);

it("runs part by part on a lazy backend, with two graphs for any number of parts", async () => {
  await useBackend({ backend: "onnxruntime", threads: 1 });
  withSubject(perceptron, ({ model, batch }) => {
    const count = (microBatchSize: number) => {
      resetEngineCounters();
      const pass = evaluateBatch(model, batch, {}, { ...OPTIONS, microBatchSize });
      pass.loss.dataSync();
      return engineCounters();
    };
    expect(count(7)).toMatchObject({ runs: 1, compiles: 1 });
    // Seven evaluations, six additions.
    expect(count(1)).toMatchObject({ runs: 13, compiles: 2 });
  });
});
