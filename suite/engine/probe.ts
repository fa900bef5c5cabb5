/**
 * @file Whether one backend on one device computes rightly here: tried in a process of its own
 * (`probe-run.ts`), because a native library that fails may take its process down.
 */
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { DeviceChoice } from "./devices.ts";

export type ProbeOutcome =
  | { works: true; runtime: string; error: number }
  | { works: false; code: string; summary: string; hint?: string };

const SECONDS = 120;

/** Computes the probe in a process of its own and says how it ended. */
export function probe({ backend, device, threads }: DeviceChoice): Promise<ProbeOutcome> {
  const file = fileURLToPath(new URL("./probe-run.ts", import.meta.url));
  return outcomeOf(["--import", "tsx", file, backend, device, String(threads)]);
}

/** Runs Node with these arguments; its last line of output is the outcome, unless it dies. */
export function outcomeOf(nodeArguments: readonly string[]): Promise<ProbeOutcome> {
  const child = spawn(process.execPath, nodeArguments, {
    stdio: ["ignore", "pipe", "pipe"],
    timeout: SECONDS * 1000,
    killSignal: "SIGKILL",
  });
  let output = "";
  let complaints = "";
  child.stdout.on("data", (chunk) => {
    output += chunk;
  });
  child.stderr.on("data", (chunk) => {
    complaints += chunk;
  });
  return new Promise((resolve) => {
    child.on("error", (cause) => resolve(died(`could not be started: ${cause.message}`, "")));
    child.on("close", (code, signal) => {
      const outcome = readOutcome(output);
      // A crash while the process ends is a failure too, whatever it said before.
      if (outcome && code === 0) resolve(outcome);
      else if (child.killed) resolve(died(`did not answer within ${SECONDS} s`, complaints));
      else resolve(died(signal ? `was killed by ${signal}` : `ended with ${code}`, complaints));
    });
  });
}

function died(how: string, complaints: string): ProbeOutcome {
  const last = complaints.trim().split("\n").at(-1)?.slice(0, 300);
  return {
    works: false,
    code: "process-died",
    summary: `The process that tried it ${how}${last ? `; its last words: ${last}` : ""}.`,
  };
}

function readOutcome(output: string): ProbeOutcome | undefined {
  try {
    return JSON.parse(output.trim().split("\n").at(-1) ?? "");
  } catch {
    return undefined;
  }
}
