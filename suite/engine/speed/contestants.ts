/** @file Contestants: processes that run a workload on request, each with its own runtime. */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Answer, Request } from "./protocol.ts";

export interface Contestant {
  readonly key: string;
  /** Name and version, as the process itself says. */
  readonly name: string;
  /** Never rejects: whatever goes wrong is the answer. */
  ask(request: Request): Promise<Answer>;
  stop(): void;
}

/** Told of a contestant that did not start, or that ended before it was stopped; one line. */
export type OnEnd = (message: string) => void;

export interface StartOptions {
  readonly key: string;
  readonly command: string;
  readonly arguments: readonly string[];
  readonly threads: number;
  readonly onEnd: OnEnd;
}

const path = (file: string) => fileURLToPath(new URL(file, import.meta.url));

/** One of ours: `onnxruntime`, `tensorflow`, or the `hand`-written graphs. */
export function ours(key: string, threads: number, onEnd: OnEnd): Promise<Contestant | null> {
  const file = key === "hand" ? "./hand.ts" : "./engine.ts";
  return start({
    key,
    command: process.execPath,
    arguments: ["--import", "tsx", path(file), key, String(threads)],
    threads,
    onEnd,
  });
}

/** A peer in Python: `torch` or `jax`. */
export function peer(
  key: string,
  options: { readonly python: string; readonly threads: number; readonly onEnd: OnEnd },
): Promise<Contestant | null> {
  const { python: command, ...rest } = options;
  return start({ key, command, arguments: [path(`./peers/${key}_peer.py`)], ...rest });
}

/** Starts a contestant; null where it cannot run here. */
export async function start(options: StartOptions): Promise<Contestant | null> {
  const { key, command, threads, onEnd } = options;
  const env = { ...process.env, PEER_THREADS: String(threads), PYTHONDONTWRITEBYTECODE: "1" };
  const child = spawn(command, options.arguments, { env, stdio: ["pipe", "pipe", "pipe"] });
  const lines = linesOf(child);
  const greeting = await lines.next();
  if ("ended" in greeting) {
    onEnd(`${key} did not start: ${greeting.ended}`);
    return null;
  }
  const { name } = JSON.parse(greeting.line) as { name: string };
  let announced = false;
  return {
    key,
    name,
    async ask(request) {
      child.stdin.write(`${JSON.stringify(request)}\n`);
      const answer = await lines.next();
      if ("line" in answer) return JSON.parse(answer.line) as Answer;
      if (!announced) onEnd(`${key} ended early: ${answer.ended}`);
      announced = true;
      return { error: `the process ended: ${answer.ended}` };
    },
    stop: () => child.stdin.end(),
  };
}

type NextLine = { readonly line: string } | { readonly ended: string };

/** The lines that are objects, one at a time: libraries may print others. */
function linesOf(child: ChildProcessWithoutNullStreams): { next(): Promise<NextLine> } {
  let last = "";
  let ended: string | undefined;
  let waiting: ((line: NextLine) => void) | undefined;
  const end = (how: string) => {
    ended ??= last === "" ? how : `${how}: ${last}`;
    waiting?.({ ended });
  };
  createInterface({ input: child.stdout }).on("line", (line) => {
    if (line.startsWith("{")) waiting?.({ line });
  });
  createInterface({ input: child.stderr }).on("line", (line) => {
    if (line.trim() !== "") last = line.trim().slice(0, MAX_COMPLAINT);
  });
  // A process that is gone cannot be written to; its end says so already.
  child.stdin.on("error", () => undefined);
  child.on("error", ({ message }) => end(message));
  child.on("close", (code, signal) => end(signal ? `killed by ${signal}` : `exit code ${code}`));
  return {
    next: async () =>
      ended === undefined
        ? new Promise<NextLine>((resolve) => {
            waiting = resolve;
          })
        : { ended },
  };
}

const MAX_COMPLAINT = 300;
