import { afterEach, expect, test, vi } from "vitest";
import { describeDevice, gpuModel, processorModel, readableModel, slug } from "./devices.ts";
import { parseGpus } from "./nvidia.ts";

afterEach(() => vi.unstubAllEnvs());

const HIDDEN =
  "vendor_id\t: AuthenticAMD\ncpu family\t: 26\nmodel\t\t: 2\nmodel name\t: AMD EPYC\n";
const ARM = "BogoMIPS\t: 243.75\nCPU implementer\t: 0x41\nCPU part\t: 0xd0c\n";

test.each([
  ["AMD EPYC 7763 64-Core Processor", "", "AMD EPYC 7763"],
  ["Intel(R) Xeon(R) Platinum 8370C CPU @ 2.80GHz", "", "Intel Xeon Platinum 8370C"],
  ["12th Gen Intel(R) Core(TM) i7-12700K", "", "12th Gen Intel Core i7-12700K"],
  ["AMD Ryzen 7 PRO 4750U with Radeon Graphics", "", "AMD Ryzen 7 PRO 4750U"],
  ["Apple M2 Pro", "", "Apple M2 Pro"],
  ["AMD EPYC", HIDDEN, "AMD EPYC family 26 model 2"],
  ["Intel Xeon Processor (Skylake, IBRS)", "", "Intel Xeon (Skylake, IBRS)"],
  ["unknown", ARM, "x64 family 0x41 model 0xd0c"],
  ["", "", "x64"],
])("the processor %j is called %s", (model, info, expected) => {
  expect(readableModel(model, info, "x64")).toBe(expected);
});

test("a device class names everything that seconds depend on, as a slug", () => {
  const report = describeDevice({ backend: "onnxruntime", device: "cpu", threads: 2 });
  expect(report.deviceClass).toBe(`onnxruntime-cpu-${slug(processorModel())}-t2`);
  expect(report.deviceClass).toMatch(/^[a-z0-9]+(?:-[a-z0-9]+)*$/);
  expect(report).not.toHaveProperty("gpu");
  const other = describeDevice({ backend: "onnxruntime", device: "cpu", threads: 1 });
  expect(other.deviceClass).not.toBe(report.deviceClass);
});

test("a software Vulkan is never taken for a GPU", () => {
  vi.stubEnv("VK_ICD_FILENAMES", "/usr/lib/chromium/vk_swiftshader_icd.json");
  expect(gpuModel("webgpu")).toBe("SwiftShader");
  expect(
    describeDevice({ backend: "onnxruntime", device: "webgpu", threads: 1 }).deviceClass,
  ).toContain("webgpu-swiftshader-");
});

test("nvidia-smi's table is read, and anything else is no GPU", () => {
  const [gpu] = parseGpus(
    "0, NVIDIA H100 80GB HBM3, 550.54.15, 81559, 345, 1980, 0x0000000000000001\n",
  );
  expect(gpu).toEqual({
    index: 0,
    name: "NVIDIA H100 80GB HBM3",
    driver: "550.54.15",
    memory: 81559,
    clock: 345,
    maxClock: 1980,
    throttle: "0x0000000000000001",
  });
  expect(parseGpus("No devices were found\n")).toEqual([]);
});
