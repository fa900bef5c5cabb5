import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, expect, it } from "vitest";
import { useBackend } from "../engine/index.ts";
import { evaluateBatch, type Pass, type PassRequest } from "./evaluate.ts";
import { crossEntropy } from "./losses.ts";
import type { KroneckerLayer } from "./parameter.ts";
import { convolutional, OPTIONS, perceptron, withSubject } from "./testing/subjects.ts";

// Kernels are called alike on every backend.
beforeAll(async () => {
  await useBackend({ backend: "reference" });
});

it("runs no kernel for what is not asked for", () => {
  withSubject(
    () => convolutional(true),
    ({ model, batch }) => {
      const request = { inputs: true, preactivations: true, outputGradients: true };
      const plain = kernels(() => evaluateBatch(model, batch, {}, OPTIONS));
      const bare = kernels(() => {
        const sources = model.parameters.map(({ variable }) => variable);
        const pass = { training: true, updateStatistics: true };
        tf.engine().gradients(
          () => crossEntropy(model.apply(batch.inputs, pass), batch.labels, OPTIONS.labelSmoothing),
          sources,
          undefined,
          true,
        );
      });
      expect(plain).toEqual(bare);
      const observing = kernels(() => evaluateBatch(model, batch, request, OPTIONS));
      expect(observing.filter((name) => name !== "Identity").sort()).toEqual(
        plain.filter((name) => name !== "Identity").sort(),
      );
    },
  );
});

it("computes no weight gradients in the pass for sampled labels, and none for the input", () => {
  withSubject(perceptron, ({ model, batch }) => {
    const products = (request: PassRequest) =>
      kernels(() => evaluateBatch(model, batch, request, OPTIONS)).filter(
        (name) => name === "BatchMatMul",
      ).length;
    const layers = 3;
    expect(products({})).toBe(layers + 2 * layers - 1);
    expect(products({ sampledOutputGradients: true })).toBe(layers + 2 * layers - 1 + layers - 1);
  });
});

it("makes a convolution's patches only when they are read", () => {
  withSubject(
    () => convolutional(false),
    ({ model, batch }) => {
      const cut = (look: (pass: Pass) => void) =>
        kernels(() => look(evaluateBatch(model, batch, { inputs: true }, OPTIONS))).filter(
          (name) => name === "GatherV2",
        ).length;
      expect(cut(() => {})).toBe(0);
      const twice = ({ observations }: Pass) => {
        const observation = observations.get(model.layers[1] as KroneckerLayer);
        expect(observation?.inputs).toBe(observation?.inputs);
      };
      expect(cut(twice)).toBe(1);
    },
  );
});
/** Names of the kernels that `work` calls, in order. */
function kernels(work: () => void): string[] {
  const engine = tf.engine() as unknown as { runKernel: (...call: [string]) => unknown };
  const original = engine.runKernel;
  const names: string[] = [];
  engine.runKernel = (...call) => {
    names.push(call[0]);
    return original.apply(engine, call);
  };
  try {
    tf.tidy(() => {
      work();
    });
  } finally {
    engine.runKernel = original;
  }
  return names;
}
