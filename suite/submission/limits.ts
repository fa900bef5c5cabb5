/** @file What sandboxed processes may use, and the watch that stops them. Linux: reads /proc. */
import { lstatSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

export interface Limits {
  readonly seconds: number;
  /** Resident memory of all processes together. */
  readonly memoryBytes: number;
  readonly processes: number;
  /** Of the one writable folder. */
  readonly outputBytes: number;
}

const MIB = 1024 * 1024;

export const DEFAULT_LIMITS: Limits = {
  seconds: 300,
  memoryBytes: 4096 * MIB,
  processes: 64,
  outputBytes: 512 * MIB,
};

/** Which limit a process and its descendants are over; undefined while they keep to all. */
export function overLimit(root: number, output: string, limits: Limits): string | undefined {
  const tree = processTree(root);
  if (tree.length > limits.processes) {
    return `more than ${limits.processes} processes`;
  }
  if (tree.reduce((sum, pid) => sum + residentBytes(pid), 0) > limits.memoryBytes) {
    return `more than ${limits.memoryBytes / MIB} MiB of memory`;
  }
  if (folderBytes(output) > limits.outputBytes) {
    return `more than ${limits.outputBytes / MIB} MiB written`;
  }
  return undefined;
}

/** A process and its descendants. */
function processTree(root: number): number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const parent = parentOf(name);
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  const found = [root];
  for (let i = 0; i < found.length; i++) found.push(...(children.get(found[i] as number) ?? []));
  return found;
}

/** Undefined when the process is gone. */
function parentOf(pid: string): number | undefined {
  try {
    // The name in parentheses may hold anything, parentheses and spaces too.
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ");
    return Number(fields?.[1]);
  } catch {
    return undefined;
  }
}

const PAGE_BYTES = 4096;

function residentBytes(pid: number): number {
  try {
    const [, pages] = readFileSync(`/proc/${pid}/statm`, "utf8").split(" ");
    return Number(pages) * PAGE_BYTES;
  } catch {
    return 0;
  }
}

/** Links are not followed: they may point anywhere. */
function folderBytes(folder: string): number {
  try {
    return readdirSync(folder, { recursive: true, encoding: "utf8" }).reduce(
      (sum, name) => sum + (lstatSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0),
      0,
    );
  } catch {
    return 0;
  }
}
