/**
 * The GPU path, on whatever WebGPU adapter there is: Debian's `chromium` package ships SwiftShader,
 * which needs no GPU. Without an adapter the one test left says so in its name.
 */
import { existsSync } from "node:fs";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import type { OnnxBackend } from "./backend.ts";
import type { EngineError } from "./index.ts";
import { engineCounters, resetEngineCounters, useBackend } from "./index.ts";
import type { TestModel } from "./testing/models.ts";
import { draw, TEST_MODELS, train } from "./testing/models.ts";

const SWIFTSHADER = "/usr/lib/chromium/vk_swiftshader_icd.json";
if (!process.env.VK_ICD_FILENAMES && existsSync(SWIFTSHADER)) {
  process.env.VK_ICD_FILENAMES = SWIFTSHADER;
}

const useGpu = () => useBackend({ device: "webgpu", threads: 1 });
const missing = await useGpu().then(
  () => null,
  (error: EngineError) => error,
);

const LEARNING_RATES = [0.5, 0.4, 0.3, 0.2];

function trained(name: string): number[] {
  let losses: number[] = [];
  tf.tidy(() => {
    losses = train((TEST_MODELS[name] as () => TestModel)(), LEARNING_RATES);
  });
  return losses;
}

if (missing) {
  it(`did not run on WebGPU: ${missing.summary.slice(0, 80)}`, () => {
    expect(missing.code).toBe("device-unavailable");
    expect(missing.hint).not.toBe("");
  });
} else {
  describe("on WebGPU", () => {
    it.each(Object.keys(TEST_MODELS))("%s follows the reference's loss curve", async (name) => {
      await useBackend({ backend: "reference" });
      const expected = trained(name);
      await useGpu();
      resetEngineCounters();
      const losses = trained(name);
      expect(engineCounters().fallbacks).toEqual({});
      losses.forEach((loss, i) => {
        expect(Math.abs(loss - (expected[i] as number))).toBeLessThan(1e-4);
      });
    });

    it("keeps state on the device between steps", () => {
      const backend = tf.backend() as OnnxBackend;
      const weights = tf.variable(draw([8, 8], 1));
      const step = () => tf.tidy(() => weights.assign(tf.mul(weights, 0.5)));
      for (let i = 0; i < 3; i++) {
        step();
        backend.flush();
        const { device, buffer } = backend.find(weights.dataId);
        expect({ onDevice: device !== null, onHost: buffer !== null }).toEqual({
          onDevice: true,
          onHost: false,
        });
      }
      const expected = tf.mul(draw([8, 8], 1), 0.125);
      expect(weights.dataSync()).toEqual(expected.dataSync());
    });

    it("keeps a table of examples on the device, and gathers from it", () => {
      const backend = tf.backend() as OnnxBackend;
      const examples = draw([6, 2], 1);
      const table = tf.tidy(() => tf.mul(examples, 1));
      const gather = () => tf.gather(table, tf.tensor1d([4, 0, 4], "int32"));
      const [first, second] = [gather(), gather()];
      backend.flush();
      expect(backend.find(table.dataId)).toMatchObject({ buffer: null });
      expect(second.dataSync()).toEqual(first.dataSync());
      const [x, y] = [...examples.dataSync()].slice(0, 2);
      expect([...first.dataSync()].slice(2, 4)).toEqual([x, y]);
    });

    it("keeps integers that a graph computes beside numbers on the device", () => {
      const labels = tf.oneHot(tf.tensor1d([0, 1, 1], "int32"), 2);
      const weights = tf.add(draw([3, 2], 1), 1);
      (tf.backend() as OnnxBackend).flush();
      expect([...labels.dataSync()]).toEqual([1, 0, 0, 1, 0, 1]);
      expect([...tf.sum(tf.mul(tf.onesLike(weights), labels), 1).dataSync()]).toEqual([1, 1, 1]);
    });

    it("lets tensors outlive the compiled graph that made them", () => {
      const kept = Array.from({ length: 80 }, (_, k) => {
        const tensor = tf.mul(tf.ones([k + 1]), 2);
        (tf.backend() as OnnxBackend).flush();
        return tensor;
      });
      expect(engineCounters().compiledGraphs).toBeLessThan(kept.length);
      for (const tensor of kept) {
        expect(tensor.dataSync()[0]).toBe(2);
        tensor.dispose();
      }
    });

    it("waits for the device now and then although nobody reads", () => {
      const backend = tf.backend() as OnnxBackend;
      const weights = tf.variable(draw([8, 8], 1));
      const waited = Array.from({ length: 20 }, () => {
        tf.tidy(() => weights.assign(tf.mul(weights, 0.5)));
        backend.flush();
        return backend.find(weights.dataId).buffer !== null;
      });
      expect(waited.filter(Boolean)).toHaveLength(2);
    });

    it("convolves a filter as large as its padded image, and slices backwards", () => {
      const image = tf.tensor4d([1, 2, 3, 4], [1, 2, 2, 1]);
      const filter = tf.tensor4d([2, 1, 3, 4], [2, 2, 1, 1]);
      const padded = tf.conv2d(image, filter, 1, "same");
      expect([...padded.dataSync()]).toEqual([29, 16, 10, 8].map((x) => expect.closeTo(x, 4)));
      const rows = tf.add(tf.range(0, 6), 0);
      expect([...tf.stridedSlice(rows, [4], [0], [-2]).dataSync()]).toEqual([4, 2]);
    });

    it("reads under another shape what it computed before", () => {
      const x = tf.add(draw([2, 3], 1), 1);
      const first = x.dataSync();
      const flipped = tf.reverse(tf.reshape(x, [3, 2]), 0);
      expect([...flipped.dataSync()]).toEqual([4, 5, 2, 3, 0, 1].map((i) => first[i]));
    });
  });
}
