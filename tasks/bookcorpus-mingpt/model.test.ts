import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, expect, it } from "vitest";
import { useBackend } from "../../suite/engine/index.ts";
import { countParameters, disposeModel, ModelBuilder } from "../../suite/nn/model.ts";
import { NO_RANDOM, testRandom } from "../../suite/nn/testing/support.ts";
import { buildMinGpt, MINGPT_SHAPES } from "./model.ts";

const VOCABULARY = 65;

beforeAll(async () => {
  await useBackend({ backend: "reference" });
});

// Tables of tokens and places, blocks of 12w² + 13w, a last norm, a head without bias.
it.each([
  ["gpt-mini", 65 * 192 + 128 * 192 + 6 * (12 * 192 ** 2 + 13 * 192) + 2 * 192 + 192 * 65],
  ["gpt-micro", 65 * 128 + 128 * 128 + 4 * (12 * 128 ** 2 + 13 * 128) + 2 * 128 + 128 * 65],
  ["gpt-nano", 65 * 48 + 64 * 48 + 3 * (12 * 48 ** 2 + 13 * 48) + 2 * 48 + 48 * 65],
] as const)("%s has %i parameters for 65 characters", (name, parameters) => {
  const size = { ...MINGPT_SHAPES[name], vocabulary: VOCABULARY, dropout: 0 };
  const model = buildMinGpt(new ModelBuilder(NO_RANDOM), size);
  expect(countParameters(model)).toBe(parameters);
  expect(model.layers.some(({ tied }) => tied)).toBe(false);
  disposeModel(model);
});

it("starts near the uniform guess: a loss of ln 65", () => {
  const size = { ...MINGPT_SHAPES["gpt-nano"], vocabulary: VOCABULARY, dropout: 0 };
  const model = buildMinGpt(new ModelBuilder(testRandom()), size);
  tf.tidy(() => {
    const ids = tf.tensor(
      Array.from({ length: 16 }, (_, i) => (i * 7) % 65),
      [2, 8],
      "int32",
    );
    const logits = model.apply(ids, { training: false, updateStatistics: false });
    const losses = tf.neg(tf.logSoftmax(logits)).dataSync();
    for (const loss of losses) expect(Math.abs(loss - Math.log(VOCABULARY))).toBeLessThan(1);
  });
  disposeModel(model);
});
