/** @file An sbatch array script: one job per shard, logs, safe to be requeued. */

export interface SlurmOptions {
  /** The arguments of `bench`, without a shard and without workers. */
  readonly arguments: readonly string[];
  readonly shards: number;
  readonly cpus: number;
  readonly workers: number;
  readonly minutes: number;
  readonly gpu: boolean;
}

/** Seconds before the time limit at which a job is told to checkpoint. */
const WARNING_SECONDS = 120;

/** A shorter job would be told to stop as soon as it starts, again and again. */
export const LEAST_MINUTES = 5;

/**
 * Jobs are idempotent: a requeued one finds what it had finished. SIGTERM comes before the time limit,
 * so that the trial in flight is checkpointed. Node is started directly: npm and its shell would stand
 * between the signal and the sweep.
 */
export function slurmScript(options: SlurmOptions): string {
  const { shards, cpus, workers, minutes, gpu } = options;
  const given = options.arguments.map(quoted).join(" ");
  return `#!/bin/bash
# Submit from the repository: sbatch this-file. Once before: npm ci, and any smoke run for the data.
#SBATCH --job-name=crossover
#SBATCH --array=1-${shards}
#SBATCH --nodes=1
#SBATCH --ntasks=1
#SBATCH --cpus-per-task=${cpus}
#SBATCH --time=${minutes}
#SBATCH --requeue
#SBATCH --signal=B:TERM@${WARNING_SECONDS}
#SBATCH --output=.crossover/slurm/%A-%a.log
#SBATCH --open-mode=append
${gpu ? "#SBATCH --gpus=1\n" : ""}set -u
cd "\${SLURM_SUBMIT_DIR:?run with sbatch}"
# By its place in the array: the number of one job may also be the number of the whole array.
go_on_later() {
  # $! and not a variable: the signal may come before that is set.
  kill -TERM $!
  wait $! || scontrol requeue "\${SLURM_ARRAY_JOB_ID}_\${SLURM_ARRAY_TASK_ID}"
  exit 0
}
trap go_on_later TERM
node --import tsx suite/cli/bench.ts ${given} --workers ${workers} --shard "$SLURM_ARRAY_TASK_ID/${shards}" &
wait $!
`;
}

/** Quoted for a shell where it needs to be. */
function quoted(word: string): string {
  return /^[\w./,=:+-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
