/** @file An sbatch array script: one task per shard, logs, safe to be requeued. */

export interface SlurmOptions {
  /** The arguments of `bench`, without a shard. */
  readonly arguments: readonly string[];
  readonly shards: number;
  readonly cpus: number;
  readonly minutes: number;
  readonly gpu: boolean;
}

/**
 * Jobs are idempotent: a requeued one finds what it had finished. SIGTERM comes two minutes before
 * the time limit, so that the trial in flight is checkpointed.
 */
export function slurmScript({
  arguments: given,
  shards,
  cpus,
  minutes,
  gpu,
}: SlurmOptions): string {
  return `#!/bin/bash
# Submit from the repository: sbatch this-file. Once: npm ci (and the data, by any smoke run).
#SBATCH --job-name=crossover
#SBATCH --array=1-${shards}
#SBATCH --cpus-per-task=${cpus}
#SBATCH --time=${minutes}
#SBATCH --requeue
#SBATCH --signal=B:TERM@120
#SBATCH --output=.crossover/slurm/%A-%a.log
#SBATCH --open-mode=append
${gpu ? "#SBATCH --gpus=1\n" : ""}set -u
cd "\${SLURM_SUBMIT_DIR:?run with sbatch}"
npm run --silent bench -- ${given.map(quoted).join(" ")} --shard "$SLURM_ARRAY_TASK_ID/${shards}" &
job=$!
trap 'kill -TERM "$job"; wait "$job"; scontrol requeue "$SLURM_JOB_ID"; exit 0' TERM
wait "$job"
`;
}

/** Quoted for a shell where it needs to be. */
function quoted(word: string): string {
  return /^[\w./,=:+-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
