import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, expect, it } from "vitest";
import { useBackend } from "../engine/index.ts";
import { dropout } from "./dropout.ts";
import { buildGpt } from "./gpt.ts";
import { disposeModel, ModelBuilder } from "./model.ts";
import { testRandom } from "./testing/support.ts";

const RATE = 0.25;
const training = (seed: number) => ({
  training: true,
  updateStatistics: false,
  dropout: testRandom(seed),
});

beforeAll(async () => {
  await useBackend({ backend: "reference" });
});

it("drops what the stream says and scales the rest, in the gradient too", () => {
  tf.tidy(() => {
    const x = tf.ones([40, 50]);
    const uniforms = testRandom(5).uniform(2000);
    const { value, grads } = tf
      .engine()
      .gradients(() => tf.sum(tf.mul(2, dropout(x, RATE, training(5)))), [x]);
    const wanted = [...uniforms].map((u) => (u < RATE ? 0 : Math.fround(2 / (1 - RATE))));
    expect([...(grads[0] as tf.Tensor).dataSync()]).toEqual(wanted);
    const mean = (value.dataSync()[0] as number) / 4000;
    expect(Math.abs(mean - 1)).toBeLessThan(4 * Math.sqrt(RATE / (1 - RATE) / 2000));
  });
});

it("leaves activations alone in evaluation and at rate 0", () => {
  const x = tf.ones([3]);
  expect(dropout(x, RATE, { training: false, updateStatistics: false })).toBe(x);
  expect(dropout(x, 0, { training: true, updateStatistics: false })).toBe(x);
  x.dispose();
});

it("needs a stream to train with", () => {
  const x = tf.ones([3]);
  expect(() => dropout(x, RATE, { training: true, updateStatistics: false })).toThrow(
    "at rate 0.25, but this training pass has no stream",
  );
  x.dispose();
});

it("makes a model's training pass a function of the stream", () => {
  const size = { layers: 1, heads: 2, width: 8, vocabulary: 5, block: 4, tiedHead: false };
  const model = buildGpt(new ModelBuilder(testRandom()), { ...size, dropout: RATE });
  tf.tidy(() => {
    const ids = tf.tensor([1, 2, 3, 4], [1, 4], "int32");
    const logits = (seed: number) => model.apply(ids, training(seed)).dataSync();
    expect(logits(1)).toEqual(logits(1));
    expect(logits(1)).not.toEqual(logits(2));
  });
  disposeModel(model);
});
