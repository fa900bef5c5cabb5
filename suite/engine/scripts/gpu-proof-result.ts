/** @file What the GPU proof holds, and what may be concluded from it. */
import { SOFTWARE_GPU } from "../devices.ts";
import type { Diagnosis } from "../doctor.ts";
import type { TrainingProof } from "./gpu-proof-run.ts";

export interface Conformance {
  passed: number;
  failed: number;
  /** Names of the specs that failed, at most 200. */
  failures: string[];
}

export interface Agreement {
  /** Largest relative difference of the losses from those of onnxruntime on cpu. */
  difference: number;
  agrees: boolean;
}

export interface DeviceProof extends Partial<Pick<TrainingProof, "losses" | "stepTimes">> {
  engine: Diagnosis;
  gpu?: string;
  conformance?: Conformance;
  agreement?: Agreement;
  /** What `npm run bench --json` printed, one object per trial. */
  trials?: unknown[];
  /** Checks that did not come to their end, with the reason. */
  broken: string[];
}

/** Tensor cores round the factors of products to 10 bits (TF32), so agreement is not float32's. */
const TOLERANCE = 0.02;

/** Reads the closing line and the failures that `npm run conformance` prints. */
export function readConformance(output: string): Conformance {
  const counts = output.match(/conformance: (\d+) passed, (\d+) failed/);
  if (!counts) throw new Error("did not come to its end");
  const failures = [...output.matchAll(/^FAILED (.*)$/gm)].map(([, name]) => name ?? "");
  return {
    passed: Number(counts[1]),
    failed: Number(counts[2]),
    failures: failures.slice(0, 200),
  };
}

/** Compares a device's losses with the baseline's, relatively and at their largest. */
export function agreement(losses: readonly number[], baseline: readonly number[]): Agreement {
  const differences = losses.map((loss, step) => Math.abs(loss / (baseline[step] ?? 0) - 1));
  const difference = Math.max(...differences);
  return { difference, agrees: difference <= TOLERANCE };
}

/** What was proven, in a sentence, and whether a GPU was there to prove it. */
export function verdict(devices: readonly DeviceProof[]): { proof: boolean; verdict: string } {
  const gpus = devices.filter(({ engine }) => engine.device !== "cpu" && engine.works);
  const hardware = gpus.filter(({ gpu }) => gpu !== SOFTWARE_GPU);
  if (gpus.length === 0) {
    return { proof: false, verdict: "NO GPU: no device but the processor works here." };
  }
  if (hardware.length === 0) {
    return { proof: false, verdict: "NO GPU: WebGPU ran in software (SwiftShader), a rehearsal." };
  }
  const good = hardware.filter((one) => one.agreement?.agrees && one.broken.length === 0);
  const names = (list: readonly DeviceProof[]) =>
    list.map(({ engine }) => `${engine.backend} on ${engine.device}`).join(", ");
  const bad = hardware.filter((one) => !good.includes(one));
  return {
    proof: bad.length === 0,
    verdict: [
      good.length ? `Right on a GPU: ${names(good)}.` : "",
      bad.length ? `NOT right on a GPU: ${names(bad)}.` : "",
    ]
      .join(" ")
      .trim(),
  };
}

/** One line for people. */
export function summary({
  engine,
  agreement: same,
  conformance,
  stepTimes,
  broken,
}: DeviceProof): string {
  if (!engine.works) return `${engine.backend} on ${engine.device}: not here. ${engine.summary}`;
  const parts = [
    same ? `losses within ${same.difference.toExponential(1)} of the processor's` : "",
    conformance ? `conformance ${conformance.passed} passed, ${conformance.failed} failed` : "",
    ...(stepTimes ?? []).map((one) => `${one.case}: ${one.median.toFixed(2)} ms`),
    ...broken.map((what) => `BROKEN: ${what}`),
  ];
  return `${engine.backend} on ${engine.device}: ${parts.filter(Boolean).join("; ") || "works"}`;
}
