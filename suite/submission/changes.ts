/** @file What a pull request changes, read from git's objects: nothing of it is checked out. */
import { execFileSync } from "node:child_process";

export interface Change {
  readonly status: "added" | "modified" | "deleted";
  readonly path: string;
  /** File mode after the change: `100644` is a plain file. Before it, where it was deleted. */
  readonly mode: string;
  /** Bytes after the change; 0 where it was deleted. */
  readonly size: number;
}

/** More changed files than any submission has. */
export const MAX_CHANGES = 2000;

const git = (repository: string, words: readonly string[]): Buffer =>
  execFileSync("git", ["-C", repository, ...words], {
    maxBuffer: 64 * 1024 * 1024,
    stdio: ["ignore", "pipe", "pipe"],
  });

const COMMIT = /^[0-9a-f]{40}$/;

/** @throws Error for anything but a full commit hash: names are for people. */
export function requireCommit(text: string): string {
  if (COMMIT.test(text)) return text;
  throw new Error(`"${text}" is no commit: give its 40 hexadecimal digits.`);
}

/** The commit that a name stands for. @throws Error when git knows none. */
export function resolveCommit(repository: string, name: string): string {
  const words = ["rev-parse", "--verify", "--quiet", "--end-of-options", `${name}^{commit}`];
  try {
    return requireCommit(git(repository, words).toString().trim());
  } catch {
    throw new Error(`git knows no commit "${name}". Fetch it, or give its hash.`);
  }
}

/** The commit that both have in common: what the pull request started from. */
export function mergeBase(repository: string, base: string, head: string): string {
  const words = ["merge-base", requireCommit(base), requireCommit(head)];
  return git(repository, words).toString().trim();
}

/** Every path that differs between two commits; renames are a deletion and an addition. */
export function readChanges(repository: string, from: string, to: string): Change[] {
  const raw = git(repository, ["diff", "--raw", "-z", "--no-renames", "--abbrev=40", from, to]);
  const fields = raw.toString("utf8").split("\0");
  const changes: Change[] = [];
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const [oldMode = "", newMode = "", , object = "", letter = ""] = (fields[i] as string)
      .slice(1)
      .split(" ");
    const deleted = letter === "D";
    changes.push({
      status: deleted ? "deleted" : letter === "A" ? "added" : "modified",
      path: fields[i + 1] as string,
      mode: deleted ? oldMode : newMode,
      // A submodule's commit is no object of this repository.
      size: deleted || newMode === "160000" ? 0 : sizeOf(repository, object),
    });
  }
  return changes;
}

const sizeOf = (repository: string, object: string): number =>
  Number(git(repository, ["cat-file", "-s", object]).toString());

/** The bytes of a file in a commit; undefined where it has none. Check its size before. */
export function readBlob(repository: string, commit: string, path: string): Buffer | undefined {
  try {
    return git(repository, ["cat-file", "blob", `${commit}:${path}`]);
  } catch {
    return undefined;
  }
}
