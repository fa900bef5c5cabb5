/** @file Node in a process of its own: native libraries that crash or hang take only that one down. */
import { spawn } from "node:child_process";

export interface ChildOptions {
  /** Killed after this many seconds. */
  seconds: number;
  environment?: Record<string, string>;
}

export interface ChildEnd {
  output: string;
  /** What went wrong with the process, in words and with its last words; absent at exit code 0. */
  failure?: string;
}

/** Runs Node with these arguments to its end; never rejects. */
export function runNode(
  nodeArguments: readonly string[],
  { seconds, environment = {} }: ChildOptions,
): Promise<ChildEnd> {
  const child = spawn(process.execPath, nodeArguments, {
    env: { ...process.env, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
    timeout: seconds * 1000,
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
  const failed = (how: string): ChildEnd => {
    const last = complaints.trim().split("\n").at(-1)?.slice(0, 300);
    return { output, failure: `${how}${last ? `; its last words: ${last}` : ""}` };
  };
  return new Promise((resolve) => {
    child.on("error", (cause) => resolve(failed(`could not be started: ${cause.message}`)));
    child.on("close", (code, signal) => {
      if (child.killed) resolve(failed(`did not end within ${seconds} s`));
      else if (signal) resolve(failed(`was killed by ${signal}`));
      else resolve(code === 0 ? { output } : failed(`ended with exit code ${code}`));
    });
  });
}

/** The JSON on the last line of a process's output, or undefined. */
export function lastJson<T>(output: string): T | undefined {
  try {
    return JSON.parse(output.trim().split("\n").at(-1) ?? "");
  } catch {
    return undefined;
  }
}
