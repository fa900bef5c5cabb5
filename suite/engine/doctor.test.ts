import { existsSync } from "node:fs";
import { afterEach, expect, test, vi } from "vitest";
import { type Diagnosis, isFit, type Machine, targets, warningsAbout } from "./doctor.ts";
import { outcomeOf, probe } from "./probe.ts";

afterEach(() => vi.unstubAllEnvs());

const SWIFTSHADER = "/usr/lib/chromium/vk_swiftshader_icd.json";
const works = { works: true, runtime: "r 1", error: 0 } as const;
const fails = { works: false, code: "library-missing", summary: "absent" } as const;
const cpu: Diagnosis = { backend: "onnxruntime", device: "cpu", deviceClass: "a", ...works };
const cuda: Diagnosis = { backend: "onnxruntime", device: "cuda", deviceClass: "b", ...fails };
const machine: Machine = {
  processor: "p",
  threads: 2,
  memory: { total: 16, free: 8 },
  node: "20.0.0",
  system: "linux",
  gpus: [],
};

test("every backend is tried on every device that it can have, the default first", () => {
  expect(targets({})[0]).toEqual({ backend: "onnxruntime", device: "cpu" });
  expect(targets({})).toHaveLength(6);
  expect(targets({ device: "cuda" }).map(({ backend }) => backend)).toEqual([
    "onnxruntime",
    "tensorflow",
  ]);
  expect(targets({ backend: "reference", device: "cuda" })).toEqual([]);
});

test("a machine without a GPU is fit, unless a GPU was asked for", () => {
  const report = { machine, engines: [cpu, cuda], warnings: [] };
  expect(isFit(report, {})).toBe(true);
  expect(isFit({ ...report, engines: [cuda] }, { device: "cuda" })).toBe(false);
  expect(isFit({ ...report, engines: [{ ...cpu, ...fails }] }, {})).toBe(false);
});

test("what spoils timings is said", () => {
  expect(warningsAbout(machine, [cpu])).toEqual([]);
  const gpu = { index: 0, name: "G", driver: "1", memory: 1, clock: 1, maxClock: 1 };
  const slowed = { ...machine, governor: "powersave", gpus: [{ ...gpu, throttle: "0x4" }] };
  expect(warningsAbout(slowed, []).join()).toMatch(/powersave.*holds its clock back/s);
  const idle = { ...machine, gpus: [{ ...gpu, throttle: "0x1" }] };
  expect(warningsAbout(idle, [])).toEqual([]);
});

test("a probe in a process of its own computes a right gradient", async () => {
  const outcome = await probe({ backend: "reference", device: "cpu", threads: 1 });
  expect(outcome).toMatchObject({ works: true, error: expect.any(Number) });
});

test("a probe that dies is an outcome, with its last words", async () => {
  const crash = "console.error('last words'); process.kill(process.pid, 'SIGKILL')";
  expect(await outcomeOf(["-e", crash])).toMatchObject({
    works: false,
    summary: expect.stringMatching(/SIGKILL.*last words/),
  });
  const late = `console.log(JSON.stringify(${JSON.stringify(works)})); process.exit(139)`;
  expect(await outcomeOf(["-e", late])).toMatchObject({ works: false });
});

const software = existsSync(SWIFTSHADER);
test(`webgpu computes a right gradient${software ? "" : ": did not run, no SwiftShader here"}`, async () => {
  vi.stubEnv("VK_ICD_FILENAMES", SWIFTSHADER);
  const outcome = await probe({ backend: "onnxruntime", device: "webgpu", threads: 1 });
  if (software) expect(outcome).toMatchObject({ works: true });
  else expect(outcome).toMatchObject({ works: false, code: "device-unavailable" });
});
