import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import type { EngineErrorCode } from "./error.ts";
import { EngineError, useBackend } from "./index.ts";
import { registerLowering } from "./lowering/register.ts";
import { createSession, runtimeError } from "./runtime.ts";

beforeAll(async () => {
  await useBackend({ threads: 1 });
  registerLowering("TestUnknownOp", {
    inputs: ["x"],
    lower: ([x]) => ({
      outputs: x ? [x] : [],
      emit: (b, [name]) => [b.node("NoSuchOperator", [name as string])],
    }),
  });
  registerLowering("TestDeclined", { inputs: ["x"], lower: () => null });
  registerLowering("TestUnsupportedDtype", {
    inputs: ["x"],
    lower: ([x]) => ({
      outputs: x ? [x] : [],
      emit: (b, [name]) => [b.cast(b.node("Tan", [b.cast(name as string, "float64")]), "float32")],
    }),
  });
});

function thrownBy(work: () => unknown): EngineError {
  try {
    work();
  } catch (error) {
    expect(error).toBeInstanceOf(EngineError);
    return error as EngineError;
  }
  throw new Error("Nothing was thrown.");
}

const run = (kernel: string, x: tf.Tensor) => tf.engine().runKernel(kernel, { x }) as tf.Tensor;

/** A tensor that was there before every failure: it, and new work on it, must stay right. */
const survivor = () => tf.add(tf.tensor1d([1, 2]), 1);

describe("a failure leaves the engine usable", () => {
  let before: tf.Tensor;
  let tensors = 0;

  beforeAll(() => {
    before = survivor();
    before.dataSync();
    tensors = tf.memory().numTensors;
  });

  afterEach(() => {
    expect(tf.tidy(() => tf.mul(before, 2).dataSync())).toEqual(Float32Array.of(4, 6));
    expect(tf.memory().numTensors).toBe(tensors);
  });

  it("when a session cannot be created", () => {
    tf.tidy(() => {
      const broken = run("TestUnknownOp", before);
      const error = thrownBy(() => broken.dataSync());
      expect(error).toMatchObject({ code: "session-failed" });
      expect(error.message).toContain("NoSuchOperator");
      expect(error.hint).not.toBe("");
      expect(thrownBy(() => broken.dataSync())).toBe(error);
      expect(thrownBy(() => tf.add(broken, 1))).toBe(error);
    });
  });

  it("when a graph cannot be run", () => {
    tf.tidy(() => {
      const index = tf.cast(tf.mul(before, 100), "int32");
      const error = thrownBy(() => tf.gather(before, index).dataSync());
      expect(error.code).toBe("run-failed");
    });
  });

  it("when no kernel exists for the input", () => {
    const error = thrownBy(() => run("TestDeclined", before));
    expect(error).toMatchObject({ code: "unsupported-shape" });
    expect(error.message).toContain("TestDeclined");
    expect(error.message).toContain("float32[2]");
  });

  it("when the runtime has no kernel for a dtype", () => {
    tf.tidy(() => {
      const error = thrownBy(() => run("TestUnsupportedDtype", before).dataSync());
      expect(error.code).toBe("unsupported-dtype");
    });
  });

  it("when memory does not suffice", () => {
    tf.tidy(() => {
      const huge = tf.fill([2 ** 20, 2 ** 20], 1);
      expect(thrownBy(() => huge.dataSync()).code).toBe("out-of-memory");
    });
  });
});

it("rejects a model that is not one", () => {
  const options = { device: "cpu", threads: 1, spinning: false } as const;
  const model = {
    inputs: [],
    outputs: [{ name: "y", dtype: "float32" as const, shape: [] }],
    nodes: [{ op: "Nonsense", domain: "", inputs: [], outputs: ["y"], attributes: {} }],
    constants: [],
  };
  expect(thrownBy(() => createSession(model, options)).code).toBe("session-failed");
});

it.each<[string, EngineErrorCode]>([
  ["std::bad_alloc", "out-of-memory"],
  ["BFCArena: Failed to allocate memory for requested buffer", "out-of-memory"],
  ["NOT_IMPLEMENTED : Could not find an implementation for Tan(7)", "unsupported-dtype"],
  ["Non-zero status code returned", "run-failed"],
])("names the runtime's %s", (reason, code) => {
  expect(
    runtimeError("run-failed", "ONNX Runtime could not run a graph", new Error(reason)).code,
  ).toBe(code);
});

it("says which backends there are", async () => {
  const choice = useBackend({ backend: "torch" as "reference" });
  await expect(choice).rejects.toMatchObject({ code: "unknown-backend" });
});

it("says that the reference has no GPU", async () => {
  const choice = useBackend({ backend: "reference", device: "webgpu" });
  await expect(choice).rejects.toMatchObject({ code: "device-unavailable" });
});
