import { spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { workflowFindings } from "./lint-workflows.ts";

const SCRIPTS = fileURLToPath(new URL("../../.github/scripts/", import.meta.url));
const WORKFLOWS = fileURLToPath(new URL("../../.github/workflows/", import.meta.url));

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "crossover-scripts-"));
  mkdirSync(join(folder, "bin"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A program that writes down how it was called, then does what `body` says. */
function stub(name: string, body = ""): void {
  const file = join(folder, "bin", name);
  writeFileSync(file, `#!/bin/bash\necho "${name} $*" >> "$CALLS"\n${body}\n`);
  chmodSync(file, 0o755);
}

function run(script: string, environment: Record<string, string> = {}) {
  const { status, stdout, stderr } = spawnSync(join(SCRIPTS, script), {
    cwd: folder,
    encoding: "utf8",
    env: {
      PATH: `${join(folder, "bin")}:${process.env.PATH}`,
      HOME: folder,
      CALLS: join(folder, "calls"),
      GITHUB_OUTPUT: join(folder, "github-output"),
      ...environment,
    },
  });
  const calls = existsSync(join(folder, "calls"))
    ? readFileSync(join(folder, "calls"), "utf8")
    : "";
  return { status, said: stdout + stderr, calls };
}

const output = () => readFileSync(join(folder, "github-output"), "utf8");
const SHA = "c".repeat(40);
const INJECTION = '$(touch pwned) "; touch pwned; #';

describe("fetch-submission.sh", () => {
  it("fetches that pull request, and only its commit", () => {
    stub("git", `[ "$1" = rev-parse ] && echo ${SHA}; exit 0`);
    const { status, calls } = run("fetch-submission.sh", { NUMBER: "12", HEAD_SHA: SHA });
    expect(status).toBe(0);
    expect(calls).toContain("+refs/pull/12/head:refs/submission/head");
    expect(calls).not.toContain("checkout");
  });

  it("stops when the pull request has moved on", () => {
    stub("git", `[ "$1" = rev-parse ] && echo ${"d".repeat(40)}; exit 0`);
    expect(run("fetch-submission.sh", { NUMBER: "12", HEAD_SHA: SHA }).status).toBe(1);
  });
});

describe("check-submission.sh", () => {
  const environment = () => ({
    BASE_SHA: SHA,
    HEAD_SHA: SHA,
    REPOSITORY_URL: "https://github.com/o/r",
    OUT: join(folder, "out"),
  });

  it("passes the check's verdict on, and keeps commands to the runner out of the log", () => {
    stub("npm", `echo "::set-output name=a::b"; echo '{}' > "$OUT/report.json"; exit 1`);
    const { status, said } = run("check-submission.sh", environment());
    expect(status).toBe(1);
    const [first, command, last] = said.trim().split("\n");
    expect(first).toMatch(/^::stop-commands::end-[0-9a-f]{32}$/);
    expect(command).toBe("::set-output name=a::b");
    expect(last).toBe(`::${first?.split("::")[2]}::`);
  });

  it("fails without a report", () => {
    stub("npm", "exit 0");
    expect(run("check-submission.sh", environment()).status).toBe(2);
  });
});

describe("sweep-plan.sh", () => {
  it("writes study, tier and matrix", () => {
    stub("npm", `echo '{"include":[]}'`);
    const { status, calls } = run("sweep-plan.sh", { STUDY: "fig4", TIER: "paper", SHARDS: "8" });
    expect(status).toBe(0);
    expect(calls).toContain("plan -- --study fig4 --tier paper --launch github --shards 8");
    expect(output()).toBe('study=fig4\ntier=paper\nmatrix={"include":[]}\n');
  });

  it("reads a maintainer's label", () => {
    stub("npm", "echo {}");
    expect(run("sweep-plan.sh", { LABEL: "sweep: fig1-mlp paper" }).status).toBe(0);
    expect(output()).toContain("study=fig1-mlp\ntier=paper\n");
  });

  it.each([
    [{ LABEL: `sweep: ${INJECTION}` }],
    [{ STUDY: INJECTION, TIER: "mini" }],
    [{ STUDY: "fig4", TIER: INJECTION }],
    [{ STUDY: "fig4", TIER: "mini", SHARDS: INJECTION }],
  ])("refuses %j", (environment) => {
    stub("npm", "echo {}");
    const { status, calls } = run("sweep-plan.sh", environment as Record<string, string>);
    expect([status, calls]).toEqual([2, ""]);
    expect(readdirSync(folder)).not.toContain("pwned");
  });
});

describe("sweep-run.sh", () => {
  const environment = () => ({
    STUDY: "fig4",
    TIER: "mini",
    SHARD: "2/8",
    DEVICE: "cuda",
    OUT: join(folder, "out"),
  });
  const bench = "mkdir -p results/mini/t; echo 1 > results/mini/t/new.json";

  beforeEach(() => {
    spawnSync("git", ["init", "--quiet"], { cwd: folder });
  });

  it("tries twice, and hands over the files that are new", () => {
    stub("npm", `${bench}; [ "$(wc -l < "$CALLS")" -gt 1 ]`);
    const { status, calls } = run("sweep-run.sh", environment());
    expect(status).toBe(0);
    expect(calls.trim().split("\n")).toHaveLength(2);
    expect(calls).toContain("--study fig4 --tier mini --shard 2/8 --device cuda");
    expect(existsSync(join(folder, "out/mini/t/new.json"))).toBe(true);
  });

  it("hands over what there is when it fails twice, and says that it failed", () => {
    stub("npm", `${bench}; exit 1`);
    expect(run("sweep-run.sh", environment()).status).toBe(1);
    expect(existsSync(join(folder, "out/mini/t/new.json"))).toBe(true);
  });

  it("refuses a shard that is none", () => {
    expect(run("sweep-run.sh", { ...environment(), SHARD: INJECTION }).status).toBe(2);
  });
});

describe("sweep-collect.sh", () => {
  const environment = () => ({
    FROM: join(folder, "shards"),
    STUDY: "fig4",
    TIER: "mini",
    RUN_ID: "7",
    RUN_URL: "https://github.com/o/r/actions/runs/7",
  });

  it("collects every shard, validates, and opens a pull request", () => {
    for (const shard of ["results-0", "results-1"]) {
      mkdirSync(join(folder, "shards", shard), { recursive: true });
    }
    stub("npm");
    stub("gh");
    stub("git", `[ "$1" = diff ] && exit 1; exit 0`);
    const { status, calls } = run("sweep-collect.sh", environment());
    expect(status).toBe(0);
    expect(calls).toMatch(/collect -- .*results-0\/ .*results-1\//);
    expect(calls).toMatch(/validate[\s\S]*push --quiet origin sweep\/fig4-mini-7[\s\S]*pr create/);
  });

  it("pushes nothing when the results are refused", () => {
    mkdirSync(join(folder, "shards/results-0"), { recursive: true });
    stub("npm", "exit 1");
    stub("git");
    stub("gh");
    const { status, calls } = run("sweep-collect.sh", environment());
    expect(status).not.toBe(0);
    expect(calls).not.toContain("push");
  });
});

describe("weekly.sh", () => {
  const npm = (code: number, text: string) =>
    stub(
      "npm",
      `case "$*" in *pick*) echo results/a.json#1;; *reproduce*) [ -z "$GITHUB_TOKEN" ] || exit 9; printf '%s' '${text}'; exit ${code};; esac`,
    );

  it.each([
    [0, '{"sameBits":true}', 0, true],
    [1, '{"sameBits":false}', 0, true],
    [1, "", 1, false],
    [2, '{"sameBits":false}', 2, false],
  ])("a rerun that ends with %i and prints %s", (code, text, status, told) => {
    npm(code, text);
    const ended = run("weekly.sh", { REPOSITORY: "o/r", GITHUB_TOKEN: "secret" });
    expect(ended.status).toBe(status);
    expect(ended.calls.includes("submission -- weekly results/a.json#1")).toBe(told);
  });

  const differing = (commit: string) =>
    JSON.stringify({ sameBits: false, environment: [{ what: "commit", recorded: commit }] });

  /** The last rerun is that in the folder of a worktree; `told` is what the issue is made from. */
  const rerun = (commit: string, there: string, isAncestor = true) => {
    stub("git", `[ "$1" = merge-base ] && exit ${isAncestor ? 0 : 1}; exit 0`);
    stub(
      "npm",
      `case "$*" in
        *pick*) echo results/a.json#1;;
        *reproduce*/results/a.json*) [ -z "$GITHUB_TOKEN" ] || exit 9; ${there};;
        *reproduce*) printf '%s' '${differing(commit)}'; exit 1;;
        *weekly*) cat "$7" >> "$CALLS";;
      esac`,
    );
    return run("weekly.sh", { REPOSITORY: "o/r", GITHUB_TOKEN: "secret" });
  };

  it("asks the code that recorded a number that differs", () => {
    const { status, calls } = rerun(SHA, `printf '{"sameBits":true}'`);
    expect(status).toBe(0);
    expect(calls).toMatch(new RegExp(`git worktree add --quiet --detach \\S+ ${SHA}\nnpm ci`));
    expect(calls.trimEnd().endsWith('{"sameBits":true}')).toBe(true);
  });

  it("tells of the first rerun where that code cannot be run", () => {
    const { status, calls } = rerun(SHA, "exit 3");
    expect(status).toBe(0);
    expect(calls.trimEnd().endsWith(differing(SHA))).toBe(true);
  });

  it.each([
    ["of no commit of this history", SHA, false],
    ["of something else than a commit", INJECTION, true],
  ])("runs nothing %s", (_, commit, isAncestor) => {
    const { status, calls } = rerun(commit, "exit 3", isAncestor);
    expect(status).toBe(0);
    expect(calls).not.toContain("worktree");
    expect(calls.trimEnd().endsWith(differing(commit))).toBe(true);
    expect(existsSync(join(folder, "pwned"))).toBe(false);
  });
});

describe("gpu-backend.sh", () => {
  it("fetches the provider for CUDA alone, and asks the doctor", () => {
    stub("npm");
    expect(run("gpu-backend.sh", { DEVICE: "cuda" }).calls).toMatch(/rebuild[\s\S]*doctor/);
    rmSync(join(folder, "calls"));
    expect(run("gpu-backend.sh", { DEVICE: "webgpu" }).calls).not.toContain("rebuild");
  });
});

describe("workflows", () => {
  const texts = readdirSync(WORKFLOWS).map(
    (name) => [name, readFileSync(join(WORKFLOWS, name), "utf8")] as const,
  );

  it("have no finding of actionlint or of the action schemas", async () => {
    expect(await workflowFindings()).toEqual([]);
  });

  it.each(texts)(
    "%s: pinned actions, few rights, time limits, no expression in a shell line",
    (_, text) => {
      for (const [, reference] of text.matchAll(/uses: (\S+)/g)) {
        expect(reference).toMatch(/^[\w./-]+@[0-9a-f]{40}$/);
      }
      for (const [line] of text.matchAll(/run: .*/g)) expect(line).not.toContain("${{");
      expect(text).not.toMatch(/run: \|/);
      expect(text).toMatch(/^permissions: \{\}$/m);
      expect(text).toMatch(/^concurrency:$/m);
      const jobs = text.split(/^jobs:$/m)[1] as string;
      const count = jobs.match(/^ {2}[a-z]+:$/gm)?.length;
      expect(jobs.match(/^ {4}timeout-minutes:/gm)?.length).toBe(count);
      expect(jobs.match(/^ {4}permissions:/gm)?.length).toBe(count);
      expect(text).not.toContain("pull_request_target:");
    },
  );

  it.each(texts)("%s: every checkout leaves no credentials", (_, text) => {
    const checkouts = text.match(/uses: actions\/checkout@/g)?.length ?? 0;
    expect(text.match(/persist-credentials: false/g)?.length ?? 0).toBe(checkouts);
  });
});
