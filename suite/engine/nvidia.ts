/** @file What NVIDIA's driver says about its GPUs, by `nvidia-smi`. Empty where there is none. */
import { spawnSync } from "node:child_process";

export interface NvidiaGpu {
  index: number;
  name: string;
  driver: string;
  /** MiB */
  memory: number;
  /** Streaming multiprocessors now, MHz. */
  clock: number;
  /** Streaming multiprocessors at most, MHz. */
  maxClock: number;
  /** Bit mask of reasons for a lowered clock; 0x0 when nothing holds it back. */
  throttle: string;
}

const FIELDS =
  "index,name,driver_version,memory.total,clocks.sm,clocks.max.sm,clocks_throttle_reasons.active";

let found: NvidiaGpu[] | undefined;

/** The GPUs of this machine, asked for once per process. */
export function nvidiaGpus(): NvidiaGpu[] {
  if (found) return found;
  const { status, stdout } = spawnSync(
    "nvidia-smi",
    [`--query-gpu=${FIELDS}`, "--format=csv,noheader,nounits"],
    { encoding: "utf8", timeout: 10_000 },
  );
  found = status === 0 ? parseGpus(stdout) : [];
  return found;
}

/** Reads `nvidia-smi --format=csv,noheader,nounits` with the fields above, one GPU per line. */
export function parseGpus(csv: string): NvidiaGpu[] {
  return csv
    .split("\n")
    .map((line) => line.split(",").map((field) => field.trim()))
    .filter((fields) => fields.length === FIELDS.split(",").length)
    .map(([index, name, driver, memory, clock, maxClock, throttle]) => ({
      index: Number(index),
      name: name ?? "",
      driver: driver ?? "",
      memory: Number(memory),
      clock: Number(clock),
      maxClock: Number(maxClock),
      throttle: throttle ?? "",
    }));
}
