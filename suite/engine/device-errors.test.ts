import { expect, test } from "vitest";
import { deviceError } from "./device-errors.ts";

const NO_ADAPTER =
  "/onnxruntime_src/webgpu_context.cc:136 Initialize(): Failed to get a WebGPU adapter: No supported adapters";
const NO_PROVIDER = "OrtSessionOptionsAppendExecutionProvider_Cuda: Failed to load shared library";
const NO_CUDNN =
  "[ONNXRuntimeError] : 1 : FAIL : Failed to load library libonnxruntime_providers_cuda.so with error: libcudnn.so.9: cannot open shared object file";

const linux = { platform: "linux", architecture: "x64", cudaInstalled: true } as const;
const mac = { platform: "darwin", architecture: "arm64", cudaInstalled: false } as const;

test("no adapter: says so, and on Linux names the loader and the software driver", () => {
  const error = deviceError("webgpu", NO_ADAPTER, linux);
  expect(error?.code).toBe("device-unavailable");
  expect(error?.message).toContain("no WebGPU adapter.");
  expect(error?.hint).toMatch(/libvulkan1.*SwiftShader/);
  expect(deviceError("webgpu", NO_ADAPTER, mac)?.hint).toContain("Metal");
});

test("CUDA: the platform, then the missing download, then the missing library is named", () => {
  expect(deviceError("cuda", NO_PROVIDER, mac)?.hint).toContain("--device webgpu");
  expect(deviceError("cuda", NO_PROVIDER, { ...linux, cudaInstalled: false })?.hint).toContain(
    "npm rebuild onnxruntime-node --ignore-scripts=false",
  );
  const halfway = deviceError("cuda", NO_CUDNN, linux);
  expect(halfway?.summary).toContain("libcudnn.so.9");
  expect(halfway?.hint).not.toContain("npm rebuild");
});

test("a failure that is not the device's keeps its own words", () => {
  const shape = "Node (MatMul) Op (MatMul) [ShapeInferenceError] Incompatible dimensions";
  for (const device of ["cpu", "webgpu", "cuda"] as const) {
    expect(deviceError(device, shape, linux)).toBeUndefined();
  }
  expect(deviceError("cpu", NO_ADAPTER, linux)).toBeUndefined();
});
