import "@tensorflow/tfjs";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import { EngineError } from "./error.ts";
import { loadTensorflow, missing, requireNode, tensorflowCandidates } from "./tensorflow.ts";
import { tensorflowOp } from "./tensorflow-op.ts";

const present = tensorflowCandidates("cpu").length > 0;
const THREADS = 2;

function caught(work: () => unknown): EngineError {
  try {
    work();
  } catch (error) {
    if (error instanceof EngineError) return error;
    throw error;
  }
  throw new Error("expected an EngineError");
}

/** Losses of a small MLP, 784-128-128-10, trained by SGD with momentum from fixed numbers. */
function trainMlp(steps: number): number[] {
  const sizes = [784, 128, 128, 10];
  const weights = sizes
    .slice(1)
    .map((out, layer) =>
      tf.variable(tf.randomNormal([sizes[layer] ?? 0, out], 0, 0.05, "float32", layer + 1)),
    );
  const momenta = weights.map((weight) => tf.variable(tf.zerosLike(weight)));
  const inputs = tf.randomUniform([32, 784], 0, 1, "float32", 7);
  const labels = tf.oneHot(tf.range(0, 32, 1, "int32").mod(tf.scalar(10, "int32")), 10);
  const loss = (): tf.Scalar => {
    const logits = weights.reduce<tf.Tensor>(
      (x, weight, layer) => (layer ? tf.relu(x) : x).matMul(weight),
      inputs,
    );
    const logProbabilities = tf.sub(logits, tf.logSumExp(logits, 1, true));
    return tf.neg(tf.mean(tf.sum(tf.mul(logProbabilities, labels), 1))) as tf.Scalar;
  };
  return Array.from({ length: steps }, () =>
    tf.tidy(() => {
      const { value, grads } = tf.variableGrads(loss, weights);
      weights.forEach((weight, layer) => {
        const momentum = momenta[layer] as tf.Variable;
        momentum.assign(momentum.mul(0.9).add(grads[weight.name] as tf.Tensor));
        weight.assign(weight.sub(momentum.mul(0.1)) as tf.Tensor<tf.Rank>);
      });
      return value.dataSync()[0] ?? Number.NaN;
    }),
  );
}

test("Node 23 and later are refused with what to use instead", () => {
  requireNode("20.20.2");
  requireNode("22.4.0");
  expect(caught(() => requireNode("23.0.0")).hint).toContain("Node 20 or 22");
});

test("an absent package is one message that says what to install", () => {
  const absent = missing("cpu", []);
  expect(absent.code).toBe("library-missing");
  expect(absent.message).toContain("npm run tensorflow:build`");
  expect(missing("cuda", []).message).toContain("tensorflow:build -- --cuda");
  expect(missing("cpu", ["tfjs-node: no binding"]).summary).toContain("no binding");
});

if (present) {
  describe("with TensorFlow's binding", () => {
    beforeAll(() => {
      loadTensorflow({ device: "cpu", threads: THREADS });
    });

    test("an MLP's losses equal those of tfjs's JavaScript backend", () => {
      expect(tf.getBackend()).toBe("tensorflow");
      const native = trainMlp(6);
      tf.setBackend("cpu");
      const reference = trainMlp(6);
      tf.setBackend("tensorflow");
      native.forEach((loss, step) => {
        expect(Math.abs(loss - (reference[step] ?? Number.NaN))).toBeLessThan(1e-5);
      });
      expect(native[5]).toBeLessThan(native[0] ?? 0);
    });

    test("operations by name, in float32 and in float64", () => {
      // The inverse of the 5x5 Hilbert matrix: integers, condition number 4.8e5.
      const ill = tf.tensor2d([
        [25, -300, 1050, -1400, 630],
        [-300, 4800, -18900, 26880, -12600],
        [1050, -18900, 79380, -117600, 56700],
        [-1400, 26880, -117600, 179200, -88200],
        [630, -12600, 56700, -88200, 44100],
      ]);
      const error = (precision: "float32" | "float64") => {
        const [inverse] = tensorflowOp("MatrixInverse", { adjoint: false }, [ill], 1, precision);
        const values = [...(inverse?.dataSync() ?? [Number.NaN])];
        return Math.max(
          ...values.map((x, k) => Math.abs(x - 1 / (Math.floor(k / 5) + (k % 5) + 1))),
        );
      };
      expect(error("float64")).toBeLessThan(1e-7);
      expect(error("float32")).toBeGreaterThan(1e-5);

      const [factor] = tensorflowOp("Cholesky", {}, [tf.tensor2d([4, 2, 2, 3], [2, 2])], 1);
      expect([...(factor?.dataSync() ?? [])]).toEqual([2, 0, 1, expect.closeTo(Math.SQRT2, 6)]);
      const symmetric = tf.tensor2d([2, 1, 1, 2], [2, 2]);
      const [values, vectors] = tensorflowOp(
        "SelfAdjointEigV2",
        { compute_v: true },
        [symmetric],
        2,
      );
      expect([...(values?.dataSync() ?? [])]).toEqual([expect.closeTo(1), expect.closeTo(3)]);
      expect(vectors?.shape).toEqual([2, 2]);
      const [q, r] = tensorflowOp("Qr", { full_matrices: false }, [symmetric], 2);
      const product = tf.matMul(q as tf.Tensor2D, r as tf.Tensor2D).dataSync();
      expect([...product]).toEqual([2, 1, 1, 2].map((x) => expect.closeTo(x, 5)));
    });

    test("a singular matrix throws TensorFlow's words and leaks no tensor", () => {
      const singular = tf.tensor2d([1, 1, 1, 1], [2, 2]);
      const before = tf.memory().numTensors;
      expect(() =>
        tensorflowOp("MatrixInverse", { adjoint: false }, [singular], 1, "float64"),
      ).toThrow(/not invertible/);
      expect(tf.memory().numTensors).toBe(before);
    });

    test("kernels that tfjs-node lacks run on the host", () => {
      const image = tf.tensor4d([1, 5, 3, 2], [1, 2, 2, 1]);
      const { result, indexes } = tf.maxPoolWithArgmax(image, 2, 2, "valid");
      expect(result?.dataSync()[0]).toBe(5);
      expect(indexes?.dataSync()[0]).toBe(1);
      expect(tf.getBackend()).toBe("tensorflow");
    });

    test("convolution padded by numbers has both its gradients", () => {
      const image = tf.randomNormal([2, 8, 8, 3], 0, 1, "float32", 1) as tf.Tensor4D;
      const filter = tf.randomNormal([3, 3, 3, 4], 0, 1, "float32", 2) as tf.Tensor4D;
      const both = (pad: number | tf.backend_util.ExplicitPadding) => {
        const loss = (x: tf.Tensor, w: tf.Tensor) =>
          tf.sum(
            tf.square(tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, 2, pad, "NHWC", 1, "floor")),
          );
        return tf
          .grads(loss)([image, filter])
          .map((gradient) => gradient.dataSync());
      };
      const sides: tf.backend_util.ExplicitPadding = [
        [0, 0],
        [1, 1],
        [1, 1],
        [0, 0],
      ];
      const native = [both(sides), both(1)];
      tf.setBackend("cpu");
      const reference = both(sides);
      tf.setBackend("tensorflow");
      for (const gradients of native) {
        gradients.forEach((gradient, k) => {
          gradient.forEach((value, i) => {
            expect(Math.abs(value - (reference[k]?.[i] ?? Number.NaN))).toBeLessThan(1e-3);
          });
        });
      }
    });

    test("what tfjs-node gets wrong runs on the host", () => {
      const image = tf.tensor4d([1, 5, 3, 2], [1, 2, 2, 1]);
      expect([...tf.maxPool(image, 2, 2, 1, "floor").dataSync()]).toEqual([1, 5, 3, 2]);
      expect([...tf.round(tf.tensor1d([-7, 3], "int32")).dataSync()]).toEqual([-7, 3]);
    });

    test("a process keeps the threads it started with", () => {
      const error = caught(() => loadTensorflow({ device: "cpu", threads: THREADS + 1 }));
      expect(error.hint).toContain("one process per setting");
    });
  });
} else {
  test("did not run: no TensorFlow binding on this machine (npm run tensorflow:build)", () => {
    const error = caught(() => loadTensorflow({ device: "cpu", threads: THREADS }));
    expect(error.code).toBe("library-missing");
  });
}
