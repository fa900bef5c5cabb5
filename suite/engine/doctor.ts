/** @file What can compute here: each backend on each device tried, and the machine as boards see it. */
import { readFileSync } from "node:fs";
import { arch, cpus, freemem, release, totalmem } from "node:os";
import {
  BACKENDS,
  type Backend,
  DEVICES_OF,
  type Device,
  defaultThreads,
  describeDevice,
  processorModel,
} from "./devices.ts";
import { type NvidiaGpu, nvidiaGpus } from "./nvidia.ts";
import { type ProbeOutcome, probe } from "./probe.ts";

export interface Machine {
  processor: string;
  /** Threads that a lone run takes. */
  threads: number;
  /** MHz now, by processor; absent where the system hides it. */
  clock?: number;
  /** Linux: who chooses the frequency. Timings want `performance`. */
  governor?: string;
  /** GiB */
  memory: { total: number; free: number };
  node: string;
  system: string;
  gpus: NvidiaGpu[];
}

export type Diagnosis = { backend: Backend; device: Device; deviceClass: string } & ProbeOutcome;

export interface Report {
  machine: Machine;
  engines: Diagnosis[];
  /** Facts that make timings less trustworthy; nothing is broken. */
  warnings: string[];
}

export interface DoctorOptions {
  /** Only these; all of them by default. */
  backend?: Backend;
  device?: Device;
  threads?: number;
}

/** Tries every backend on every device that it can have, one process after the other. */
export async function examine(options: DoctorOptions = {}): Promise<Report> {
  const machine = describeMachine();
  const engines: Diagnosis[] = [];
  for (const { backend, device } of targets(options)) {
    const threads = backend === "reference" ? 1 : (options.threads ?? machine.threads);
    const { deviceClass } = describeDevice({ backend, device, threads });
    const outcome = await probe({ backend, device, threads });
    engines.push({ backend, device, deviceClass, ...outcome });
  }
  return { machine, engines, warnings: warningsAbout(machine, engines) };
}

/** The combinations that `options` selects, the default engine first. */
export function targets({
  backend,
  device,
}: DoctorOptions): { backend: Backend; device: Device }[] {
  return BACKENDS.filter((name) => !backend || name === backend).flatMap((name) =>
    DEVICES_OF[name]
      .filter((one) => !device || one === device)
      .map((one) => ({ backend: name, device: one })),
  );
}

/**
 * Whether the machine is fit for use: everything that was asked for works or, when nothing was
 * asked for in particular, the default engine does.
 */
export function isFit({ engines }: Report, { backend, device }: DoctorOptions): boolean {
  const wanted =
    backend || device
      ? engines
      : engines.filter((one) => one.backend === "onnxruntime" && one.device === "cpu");
  return wanted.length > 0 && wanted.every(({ works }) => works);
}

function describeMachine(): Machine {
  const clock = processorClock();
  const governor = readText("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor");
  const gibibytes = (bytes: number) => Math.round((bytes / 2 ** 30) * 10) / 10;
  return {
    processor: processorModel(),
    threads: defaultThreads(),
    ...(clock ? { clock } : {}),
    ...(governor ? { governor } : {}),
    memory: { total: gibibytes(totalmem()), free: gibibytes(freemem()) },
    node: process.versions.node,
    system: `${process.platform} ${arch()} ${release()}`,
    gpus: nvidiaGpus(),
  };
}

/** Mean over the cores, MHz. Node reports 0 where it cannot read it. */
function processorClock(): number | undefined {
  const measured = [...(readText("/proc/cpuinfo") ?? "").matchAll(/^cpu MHz\s*:\s*([\d.]+)/gm)];
  const clocks = measured.length
    ? measured.map(([, megahertz]) => Number(megahertz))
    : cpus().map(({ speed }) => speed);
  const mean = clocks.reduce((sum, clock) => sum + clock, 0) / clocks.length;
  return mean > 0 ? Math.round(mean) : undefined;
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8").trim();
  } catch {
    return undefined;
  }
}

/** Clocks held back, a frequency governor that saves power, or a GPU that is none. */
export function warningsAbout(machine: Machine, engines: readonly Diagnosis[]): string[] {
  const warnings: string[] = [];
  if (machine.governor && machine.governor !== "performance") {
    warnings.push(
      `The processor's frequency governor is "${machine.governor}": timings vary. For timings: cpupower frequency-set -g performance.`,
    );
  }
  for (const { name, throttle } of machine.gpus) {
    // Bit 0 is "idle", which says nothing about a GPU at work.
    if (Number.parseInt(throttle, 16) > 1) {
      warnings.push(
        `${name} holds its clock back (reasons ${throttle}): timings are not its best.`,
      );
    }
  }
  const software = engines.find(
    ({ works, deviceClass }) => works && /swiftshader/.test(deviceClass),
  );
  if (software) {
    warnings.push("WebGPU runs on SwiftShader, in software: good for tests, never for timings.");
  }
  if (machine.memory.free < 2) {
    warnings.push(`Only ${machine.memory.free} GiB of memory are free.`);
  }
  return warnings;
}
