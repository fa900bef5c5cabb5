import { expect, test } from "vitest";
import type { Diagnosis } from "../doctor.ts";
import {
  agreement,
  type DeviceProof,
  readConformance,
  summary,
  verdict,
} from "./gpu-proof-result.ts";

function device(choice: Pick<Diagnosis, "device">, rest: Partial<DeviceProof> = {}): DeviceProof {
  const engine = {
    backend: "onnxruntime",
    ...choice,
    deviceClass: "c",
    works: true,
    runtime: "r",
    error: 0,
  } as const;
  return { engine, broken: [], ...rest };
}
const cpu = device({ device: "cpu" });
const agrees = { difference: 1e-6, agrees: true };

test("neither a processor nor a software WebGPU proves anything about a GPU", () => {
  expect(verdict([cpu])).toMatchObject({ proof: false, verdict: expect.stringMatching(/^NO GPU/) });
  const software = device({ device: "webgpu" }, { gpu: "SwiftShader", agreement: agrees });
  expect(verdict([cpu, software])).toMatchObject({
    proof: false,
    verdict: expect.stringMatching(/^NO GPU.*rehearsal/),
  });
});

test("a GPU is right only if it agrees and every check came to its end", () => {
  const right = device({ device: "cuda" }, { gpu: "NVIDIA H100", agreement: agrees });
  expect(verdict([cpu, right])).toEqual({
    proof: true,
    verdict: "Right on a GPU: onnxruntime on cuda.",
  });
  const far = { ...right, agreement: { difference: 0.5, agrees: false } };
  const broken = { ...right, broken: ["conformance was killed by SIGSEGV"] };
  for (const wrong of [far, broken]) {
    expect(verdict([right, wrong])).toMatchObject({ proof: false });
    expect(verdict([wrong]).verdict).toMatch(/^NOT right/);
  }
});

test("losses agree relatively, and NaN agrees with nothing", () => {
  expect(agreement([2, 1.001], [2, 1])).toMatchObject({ agrees: true });
  expect(agreement([2, 1.1], [2, 1])).toMatchObject({ agrees: false });
  expect(agreement([2, Number.NaN], [2, 1])).toMatchObject({ agrees: false });
});

test("a conformance run is read from what it prints, and an aborted one is an error", () => {
  const printed =
    "FAILED relu propagates NaNs\n  why\nconformance: 4168 passed, 1 failed, 3 excepted";
  expect(readConformance(printed)).toEqual({
    passed: 4168,
    failed: 1,
    failures: ["relu propagates NaNs"],
  });
  expect(() => readConformance("FAILED relu")).toThrow("did not come to its end");
});

test("a broken check is shown", () => {
  expect(summary({ ...cpu, broken: ["training was killed"] })).toContain("BROKEN: training");
});
