/**
 * @file Whether one backend on one device computes rightly here: tried in a process of its own
 * (`probe-run.ts`), because a native library that fails may take its process down.
 */
import { fileURLToPath } from "node:url";
import { lastJson, runNode } from "./child.ts";
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
export async function outcomeOf(nodeArguments: readonly string[]): Promise<ProbeOutcome> {
  const { output, failure } = await runNode(nodeArguments, { seconds: SECONDS });
  const outcome = lastJson<ProbeOutcome>(output);
  // A crash while the process ends is a failure too, whatever it said before.
  if (outcome && !failure) return outcome;
  const summary = `The process that tried it ${failure ?? "said nothing"}.`;
  return { works: false, code: "process-died", summary };
}
