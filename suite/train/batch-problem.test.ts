import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, expect, it } from "vitest";
import { stream } from "../data/prng.ts";
import { useBackend } from "../engine/index.ts";
import { dropout } from "../nn/dropout.ts";
import { linear } from "../nn/linear.ts";
import { disposeModel, ModelBuilder } from "../nn/model.ts";
import { withBatch } from "./batch-problem.ts";

beforeAll(() => useBackend({ backend: "reference" }));

it("a repeated evaluation drops the same activations, any other draws anew", () => {
  const builder = new ModelBuilder(stream(1, "init"));
  const head = linear(builder, "head", { dIn: 16, dOut: 3, bias: true });
  const model = builder.build((x, pass) => head(dropout(x, 0.5, pass), pass) as tf.Tensor2D);
  const batch = {
    inputs: stream(1, "made").normal(4 * 16),
    labels: Int32Array.of(0, 1, 2, 0),
  };
  const options = {
    labelSmoothing: 0,
    dropout: stream(1, "dropout"),
    labels: stream(1, "labels"),
  };
  const losses = withBatch(model, batch, [16], options, (problem) =>
    [{}, { repeated: true }, {}, { repeated: true }, { repeated: true }].map((request) =>
      tf.tidy(() => problem.evaluate(request).loss.dataSync()[0] as number),
    ),
  );
  const [first, second] = [losses[0], losses[2]];
  expect(losses).toEqual([first, first, second, second, second]);
  expect(first).not.toBe(second);
  disposeModel(model);
});
