/**
 * @file Names for what computes: the processor, the GPU, and the device class, inside which alone
 * seconds are compared.
 */
import { readdirSync, readFileSync } from "node:fs";
import { availableParallelism, cpus } from "node:os";
import { nvidiaGpus } from "./nvidia.ts";

export const BACKENDS = ["onnxruntime", "tensorflow", "reference"] as const;
export type Backend = (typeof BACKENDS)[number];

export const DEVICES = ["cpu", "webgpu", "cuda"] as const;
export type Device = (typeof DEVICES)[number];

/** The devices that a backend can have. */
export const DEVICES_OF: Readonly<Record<Backend, readonly Device[]>> = {
  onnxruntime: DEVICES,
  tensorflow: ["cpu", "cuda"],
  reference: ["cpu"],
};

export interface DeviceDescription {
  /** Slug of all the others: `onnxruntime-cpu-amd-epyc-7763-t2`. */
  deviceClass: string;
  backend: Backend;
  device: Device;
  processor: string;
  threads: number;
  gpu?: string;
}

export interface DeviceChoice {
  backend: Backend;
  device: Device;
  threads: number;
}

/** Threads that a lone run takes: what the operating system lets this process have. */
export function defaultThreads(): number {
  return availableParallelism();
}

/** What result files and boards call this machine when it computes with `choice`. */
export function describeDevice({ backend, device, threads }: DeviceChoice): DeviceDescription {
  const processor = processorModel();
  const gpu = device === "cpu" ? undefined : (gpuModel(device) ?? "unknown GPU");
  const words = [backend, device, ...(gpu ? [gpu] : []), processor, `t${threads}`];
  return {
    deviceClass: slug(words.join(" ")),
    backend,
    device,
    processor,
    threads,
    ...(gpu ? { gpu } : {}),
  };
}

/** Lower-case letters and digits, everything else a single hyphen. */
export function slug(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "");
}

let processor: string | undefined;

/** The processor's model without marketing: `Intel Xeon Platinum 8370C`, `AMD EPYC 7763`. */
export function processorModel(): string {
  processor ??= readableModel(cpus()[0]?.model ?? "", cpuInfo(), process.arch);
  return processor;
}

function cpuInfo(): string {
  try {
    return readFileSync("/proc/cpuinfo", "utf8");
  } catch {
    return "";
  }
}

/**
 * Strips frequency, core count and trade marks off a model name. Virtual machines often hide the
 * model ("AMD EPYC", "Intel Xeon Processor"): two generations that share such a name differ in
 * speed and in rounding, so the family and model numbers of /proc/cpuinfo are added to it.
 */
export function readableModel(model: string, info: string, architecture: string): string {
  const name = model
    .replace(/\((?:r|tm|c)\)/gi, " ")
    .replace(/@.*$|\bwith\b.*$|\bw\/.*$/i, " ")
    .replace(/\b(?:\d+-core|cpu|processor)\b/gi, " ")
    .replace(/[^\x20-\x7e]/g, " ")
    .replace(/\s+/g, " ")
    .trim()
    .slice(0, 80);
  if (/\d/.test(name)) return name;
  const field = (label: string) => info.match(new RegExp(`^${label}\\s*:\\s*(\\S+)`, "m"))?.[1];
  const known = name && name.toLowerCase() !== "unknown" ? name : architecture;
  const family = field("cpu family") ?? field("CPU implementer");
  const number = field("model") ?? field("CPU part");
  return family && number ? `${known} family ${family} model ${number}` : known;
}

/** What `gpuModel` calls a WebGPU that runs on the processor. */
export const SOFTWARE_GPU = "SwiftShader";

/** The GPU's name, or undefined where nothing on this machine can tell it. */
export function gpuModel(device: "webgpu" | "cuda"): string | undefined {
  if (device === "webgpu" && isSoftwareVulkan()) return SOFTWARE_GPU;
  const visible = Number.parseInt(process.env.CUDA_VISIBLE_DEVICES ?? "0", 10);
  const gpus = nvidiaGpus();
  const nvidia = gpus.find((gpu) => gpu.index === visible) ?? gpus[0];
  if (nvidia) return nvidia.name;
  if (device === "cuda") return undefined;
  // On Apple's chips the GPU is part of the processor and shares its name.
  return process.platform === "darwin" ? processorModel() : pciGpu();
}

/** A Vulkan driver that runs on the processor has been chosen by the loader's own variables. */
function isSoftwareVulkan(): boolean {
  const drivers = process.env.VK_DRIVER_FILES ?? process.env.VK_ICD_FILENAMES ?? "";
  return /swiftshader/i.test(drivers);
}

/** Vendor and device number of the first graphics card that Linux lists. */
function pciGpu(): string | undefined {
  try {
    const card = readdirSync("/sys/class/drm").find((name) => /^card\d+$/.test(name));
    const read = (file: string) =>
      readFileSync(`/sys/class/drm/${card}/device/${file}`, "utf8").trim();
    return `PCI ${read("vendor")} ${read("device")}`;
  } catch {
    return undefined;
  }
}
