/** @file Why onnxruntime has no WebGPU or CUDA device here, and what to install for it. */
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { Device } from "./devices.ts";
import { EngineError } from "./error.ts";

const CUDA_PROVIDER = "libonnxruntime_providers_cuda.so";
const SOFTWARE_VULKAN =
  "VK_ICD_FILENAMES=/usr/lib/chromium/vk_swiftshader_icd.json (Debian: `apt-get install chromium libvulkan1`)";

/** Whether the CUDA provider, an optional download of onnxruntime-node, lies in its folder. */
function cudaProviderInstalled(): boolean {
  const home = dirname(createRequire(import.meta.url).resolve("onnxruntime-node/package.json"));
  return existsSync(join(home, "bin/napi-v6", process.platform, process.arch, CUDA_PROVIDER));
}

function thisMachine() {
  const { platform, arch: architecture } = process;
  return { platform, architecture, cudaInstalled: cudaProviderInstalled() };
}

/**
 * The error for a session that onnxruntime refused with `reason` because `device` is not there, or
 * undefined where the device is not to blame.
 */
export function deviceError(
  device: Device,
  reason: string,
  machine = thisMachine(),
): EngineError | undefined {
  if (device === "webgpu" && /WebGPU|webgpu_context|execution provider/i.test(reason)) {
    return unavailable(
      `onnxruntime finds no WebGPU adapter${/No supported adapters/.test(reason) ? "" : `: ${brief(reason)}`}.`,
      machine.platform === "linux"
        ? `It needs x64, a GPU driver with Vulkan and its loader (\`apt-get install libvulkan1\`). Without a GPU, SwiftShader runs it on the processor, for tests only: set ${SOFTWARE_VULKAN}.`
        : "Update the graphics driver (Metal on macOS, Direct3D 12 on Windows).",
    );
  }
  if (device !== "cuda" || !/cuda|cudnn|provider/i.test(reason)) return undefined;
  if (machine.platform !== "linux" || machine.architecture !== "x64") {
    return unavailable(
      `onnxruntime-node has CUDA on Linux x64 only; this is ${machine.platform} ${machine.architecture}.`,
      "Use --device webgpu for this machine's GPU.",
    );
  }
  if (!machine.cudaInstalled) {
    return unavailable(
      "The CUDA provider of onnxruntime-node is not installed.",
      "`npm rebuild onnxruntime-node --ignore-scripts=false` downloads it from api.nuget.org. It needs CUDA 12 and cuDNN 9.",
    );
  }
  const library = reason.match(/(lib[\w.+-]+\.so[.\d]*): cannot open/)?.[1];
  return unavailable(
    library
      ? `The CUDA provider is installed, but ${library}, which it needs, is not found.`
      : `The CUDA provider is installed, but does not start: ${brief(reason)}.`,
    "It needs an NVIDIA driver (`nvidia-smi`), the CUDA 12 runtime and cuDNN 9, with their folders on LD_LIBRARY_PATH.",
  );
}

function unavailable(summary: string, hint: string): EngineError {
  return new EngineError("device-unavailable", summary, hint);
}

/** The last sentence of a native error, without source paths. */
function brief(reason: string): string {
  return (reason.trim().split("\n").at(-1) ?? "").replace(/^.*?\bFAIL\b\s*:\s*/, "").slice(0, 200);
}
