/** @file A repository with a base commit and a fork's commit on top, as the check finds them. */
import { execFileSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

export interface Fork {
  readonly root: string;
  readonly base: string;
  /** Commits what `change` did to the working tree, and takes it out again: the base's code runs. */
  submit(change: (folder: string) => void | Promise<void>): Promise<string>;
  remove(): void;
}

/** The optimizers are copied; harness, tasks and packages are the real ones. */
export function madeFork(): Fork {
  const root = mkdtempSync(join(tmpdir(), "crossover-fork-"));
  const git = (...words: string[]) =>
    execFileSync("git", ["-C", root, ...words], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
      env: {
        PATH: process.env.PATH,
        HOME: root,
        GIT_AUTHOR_NAME: "Ada",
        GIT_AUTHOR_EMAIL: "ada@example.org",
        GIT_COMMITTER_NAME: "Ada",
        GIT_COMMITTER_EMAIL: "ada@example.org",
      },
    }).trim();
  cpSync(join(ROOT, "optimizers"), join(root, "optimizers"), { recursive: true });
  for (const name of ["node_modules", "suite", "tasks", "package.json", "tsconfig.json"]) {
    symlinkSync(join(ROOT, name), join(root, name));
  }
  git("init", "--quiet", "--initial-branch=main");
  writeFileSync(
    join(root, ".git/info/exclude"),
    "node_modules\nsuite\ntasks\n*.json\n!results/**\n",
  );
  git("add", "--force", "optimizers");
  git("commit", "--quiet", "--message=base");
  const base = git("rev-parse", "HEAD");
  return {
    root,
    base,
    submit: async (change) => {
      await change(root);
      git(
        "add",
        "--force",
        "optimizers",
        ...(existsSync(join(root, "results")) ? ["results"] : []),
      );
      git("commit", "--quiet", "--message=submission");
      const head = git("rev-parse", "HEAD");
      git("reset", "--quiet", "--hard", base);
      return head;
    },
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}

/** Writes a file below the fork. */
export function put(root: string, path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}
