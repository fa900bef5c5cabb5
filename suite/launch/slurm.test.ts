import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { slurmScript } from "./slurm.ts";

const OPTIONS = {
  arguments: ["--task", "mnist-mlp", "--set", "rule=it's $HOME"],
  shards: 12,
  cpus: 4,
  workers: 2,
  minutes: 90,
  gpu: false,
};

/** The script itself runs, with a `node` and a `scontrol` in place of the real ones. */
describe("slurmScript", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "crossover-slurm-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  function put(name: string, text: string): void {
    writeFileSync(join(folder, name), `#!/bin/bash\n${text}\n`);
    chmodSync(join(folder, name), 0o755);
  }

  function submit(node: string) {
    put("node", node);
    put("scontrol", `echo "$@" >> ${folder}/requeued`);
    put("job", slurmScript(OPTIONS));
    return spawnSync("bash", [join(folder, "job")], {
      encoding: "utf8",
      timeout: 10_000,
      env: {
        PATH: `${folder}:${process.env.PATH}`,
        SLURM_SUBMIT_DIR: folder,
        SLURM_JOB_ID: "40",
        SLURM_ARRAY_JOB_ID: "40",
        SLURM_ARRAY_TASK_ID: "3",
      },
    });
  }

  it("runs its shard with the words that were given, and ends as the sweep ends", () => {
    const { status, stdout } = submit('printf "%s\\n" "$@"; exit 7');
    expect(status).toBe(7);
    expect(stdout.split("\n").slice(3)).toEqual([
      ...OPTIONS.arguments,
      "--workers",
      "2",
      "--shard",
      "3/12",
      "",
    ]);
  });

  it("passes SIGTERM on, waits, and requeues itself alone, not the whole array", () => {
    const { status, stdout } = submit(
      'trap "echo checkpointed; exit 1" TERM; kill -TERM $PPID; for i in {1..200}; do sleep 0.02; done',
    );
    expect(stdout).toContain("checkpointed");
    expect(status).toBe(0);
    expect(readFileSync(join(folder, "requeued"), "utf8")).toBe("requeue 40_3\n");
  });

  it("asks Slurm for what was chosen", () => {
    const lines = slurmScript(OPTIONS).split("\n");
    for (const line of ["--array=1-12", "--cpus-per-task=4", "--time=90", "--requeue"]) {
      expect(lines).toContain(`#SBATCH ${line}`);
    }
    expect(slurmScript(OPTIONS)).not.toContain("gpus");
    expect(slurmScript({ ...OPTIONS, gpu: true })).toContain("#SBATCH --gpus=1\n");
  });
});
