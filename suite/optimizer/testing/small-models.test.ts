import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { useBackend } from "../../engine/index.ts";
import { deviation, flat, shapeOf } from "./nested.ts";
import { SMALL_MODELS, type SmallModelName, smallModel } from "./small-models.ts";

beforeAll(() => useBackend({ backend: "reference" }));

describe.each(SMALL_MODELS)("%s is the oracle's", (name: SmallModelName) => {
  it("in loss, gradients, observations and Hessian-vector product", () => {
    const { model, record, withBatch, dispose } = smallModel(name);
    const { check } = record;
    const seen = tf.tidy(() => {
      const probe = model.parameters.map((parameter) => {
        const values = check.probe[parameter.name] ?? 0;
        return tf.tensor(flat(values), shapeOf(values));
      });
      const draws = { labels: check.sampledLabels };
      return withBatch(
        0,
        (problem) => {
          const request = { inputs: true, outputGradients: true, sampledOutputGradients: true };
          const { loss, gradients, observations } = problem.evaluate(request);
          const { hessianVector = [] } = problem.evaluate({ probe });
          const named = (tensors: readonly tf.Tensor[]) =>
            Object.fromEntries(model.parameters.map((p, i) => [p.name, tensors[i]?.dataSync()]));
          const outputs = (key: "outputGradients" | "sampledOutputGradients") =>
            Object.fromEntries(
              [...observations].map(([layer, observation]) => [
                layer.name,
                tf.mul(observation[key] as tf.Tensor, problem.terms).dataSync(),
              ]),
            );
          return {
            loss: { loss: loss.dataSync() },
            gradients: named(gradients),
            outputGradients: outputs("outputGradients"),
            sampledOutputGradients: outputs("sampledOutputGradients"),
            hessianVectorProduct: named(hessianVector),
          } as unknown as tf.TensorContainer;
        },
        draws,
      );
    }) as unknown as Record<string, Record<string, Float32Array>>;
    const { loss, ...expected } = check;
    expect(deviation(seen.loss ?? {}, { loss })).toBeLessThan(1e-6);
    for (const key of Object.keys(seen)) {
      if (key === "loss") continue;
      const want = expected[key as "gradients"];
      expect(deviation(seen[key] ?? {}, want), key).toBeLessThan(2e-6);
    }
    dispose();
  });
});
