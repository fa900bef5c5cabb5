/**
 * @file One process at a cell. A lock is a file that names its owner; it is stale when that process
 * of this machine is gone. No clocks: a clock that jumps neither breaks nor keeps a lock.
 */
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { dirname } from "node:path";
import { unwritable } from "./store-error.ts";

interface Owner {
  readonly host: string;
  readonly pid: number;
  /** Tells a process from a later one of the same number, where the system says. */
  readonly started: string;
}

/** Releases the lock. */
export type Release = () => void;

/**
 * Takes the lock of `file`, or returns its owner's description when a living process has it.
 *
 * @throws StoreError where nothing can be written.
 */
export function tryLock(file: string): { release: Release } | { heldBy: string } {
  try {
    return takeLock(`${file}.lock`);
  } catch (error) {
    throw unwritable(file, error);
  }
}

function takeLock(path: string): ReturnType<typeof tryLock> {
  mkdirSync(dirname(path), { recursive: true });
  for (let attempt = 0; attempt < 3; attempt++) {
    if (create(path)) return { release: () => rmSync(path, { force: true }) };
    const owner = ownerOf(path);
    if (owner && isAlive(owner)) return { heldBy: `process ${owner.pid} on ${owner.host}` };
    rmSync(path, { force: true });
  }
  return { heldBy: "another process" };
}

/** Appears with its content or not at all: a hard link cannot replace another's lock. */
function create(path: string): boolean {
  const owner: Owner = { host: hostname(), pid: process.pid, started: startOf(process.pid) };
  const own = `${path}.${process.pid}`;
  writeFileSync(own, JSON.stringify(owner));
  try {
    linkSync(own, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  } finally {
    rmSync(own, { force: true });
  }
}

/** Undefined when the lock is gone or is not one. */
function ownerOf(path: string): Owner | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as Owner;
  } catch {
    return undefined;
  }
}

/** A process of another machine cannot be asked: it counts as alive. */
function isAlive({ host, pid, started }: Owner): boolean {
  if (host !== hostname()) return true;
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
  return startOf(pid) === started;
}

/** Start time of a process in clock ticks since boot, from Linux; empty elsewhere. */
function startOf(pid: number): string {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ");
    return fields?.[19] ?? "";
  } catch {
    return "";
  }
}
