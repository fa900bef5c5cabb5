/** @file Where a trial comes from: commit, lock file, platform, command. */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { arch, platform } from "node:os";
import { fileURLToPath } from "node:url";
import type { Trial } from "../results/schema.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

type Source = Pick<
  Trial["provenance"],
  "commit" | "dirty" | "lockfile" | "node" | "platform" | "submittedBy" | "runUrl"
>;

/**
 * What is the same for all trials of a process. Outside a git checkout the commit is `unknown`. Whose
 * trials these are stands in the environment: a name in `CROSSOVER_SUBMITTED_BY`, and in the sweep
 * workflow the run's address in `CROSSOVER_RUN_URL`.
 */
export function sourceOf(
  root = ROOT,
  {
    CROSSOVER_RUN_URL: runUrl,
    CROSSOVER_SUBMITTED_BY: submittedBy,
  }: NodeJS.ProcessEnv = process.env,
): Source {
  const git = (...words: string[]): string | undefined => {
    try {
      return execFileSync("git", words, { cwd: root, encoding: "utf8", stdio: "pipe" }).trim();
    } catch {
      return undefined;
    }
  };
  return {
    commit: git("rev-parse", "HEAD") ?? "unknown",
    // Results are data: a sweep that writes them does not make its own code dirty.
    dirty: git("status", "--porcelain", "--", ".", ":!results") !== "",
    lockfile: createHash("sha256")
      .update(readFileSync(`${root}/package-lock.json`))
      .digest("hex"),
    node: process.version,
    platform: `${platform()}-${arch()}`,
    ...(submittedBy && { submittedBy }),
    ...(runUrl && { runUrl }),
  };
}
