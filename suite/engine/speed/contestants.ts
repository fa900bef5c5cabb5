/** @file Contestants: processes that run a workload on request, each with its own runtime. */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { createInterface, type Interface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Answer, Request } from "./protocol.ts";

export interface Contestant {
  readonly key: string;
  /** Name and version, as the process itself says. */
  readonly name: string;
  ask(request: Request): Promise<Answer>;
  stop(): void;
}

const path = (file: string) => fileURLToPath(new URL(file, import.meta.url));

/** One of ours: `onnxruntime`, `tensorflow`, or the `hand`-written graphs. */
export function ours(key: string, threads: number): Promise<Contestant | null> {
  const file = key === "hand" ? "./hand.ts" : "./engine.ts";
  return start(
    key,
    process.execPath,
    ["--import", "tsx", path(file), key, String(threads)],
    threads,
  );
}

/** A peer in Python: `torch` or `jax`. */
export function peer(key: string, python: string, threads: number): Promise<Contestant | null> {
  return start(key, python, [path(`./peers/${key}_peer.py`)], threads);
}

/** Starts a contestant; null where it cannot run here. */
async function start(
  key: string,
  command: string,
  commandArguments: string[],
  threads: number,
): Promise<Contestant | null> {
  const env = { ...process.env, PEER_THREADS: String(threads), PYTHONDONTWRITEBYTECODE: "1" };
  const child = spawn(command, commandArguments, { env, stdio: ["pipe", "pipe", "pipe"] });
  child.on("error", () => undefined);
  child.stderr.resume();
  const lines = createInterface({ input: child.stdout });
  const greeting = await nextLine(child, lines);
  if (greeting === null) return null;
  const { name } = JSON.parse(greeting) as { name: string };
  return {
    key,
    name,
    async ask(request) {
      child.stdin.write(`${JSON.stringify(request)}\n`);
      const line = await nextLine(child, lines);
      return line === null ? { error: "the process ended" } : (JSON.parse(line) as Answer);
    },
    stop: () => child.stdin.end(),
  };
}

/** The next line that is an object; null when the process ends. Libraries may print others. */
function nextLine(child: ChildProcessWithoutNullStreams, lines: Interface): Promise<string | null> {
  return new Promise((resolve) => {
    const done = (line: string | null) => {
      lines.off("line", read);
      lines.off("close", ended);
      resolve(line);
    };
    const read = (line: string) => {
      if (line.startsWith("{")) done(line);
    };
    const ended = () => done(null);
    lines.on("line", read);
    lines.on("close", ended);
    if (child.exitCode !== null) done(null);
  });
}
