/** @file A result file as the suite would write it, and what a forger makes of it. */
import { syntheticFiles } from "../../analysis/synthetic.ts";
import { commandOf } from "../../launch/command.ts";
import type { Configuration } from "../../optimizer/search.ts";
import { canonicalJson } from "../../results/canonical.ts";
import { trialKey } from "../../results/key.ts";
import { type CellFile, cellFileSchema, type Trial } from "../../results/schema.ts";
import { cellPath, digestOf } from "../../results/store.ts";
import type { Knowledge } from "../../results/validate.ts";
import { anyRefused } from "../refusal.ts";
import { type CheckedResult, checkResult } from "../results.ts";

export const REPOSITORY = "https://github.com/o/crossover";

/** Synthetic cells with the keys and commands that the suite would give them. */
export function madeFiles(options: Parameters<typeof syntheticFiles>[0] = {}): CellFile[] {
  const files = syntheticFiles({
    learningRates: [0.1, 0.01],
    dampings: [0.1],
    ...options,
    keyOf: (cell, { seed, versions, hyperparameters }, device) =>
      trialKey({
        cell,
        taskVersion: versions.task,
        optimizerVersion: versions.optimizer,
        hyperparameters,
        seed,
        deviceClass: device.class,
      }),
  });
  return files.map((file) => ({
    ...file,
    trials: file.trials.map((one) => withCommand(file, one)),
  }));
}

function withCommand({ cell, device }: CellFile, trial: Trial): Trial {
  const command = commandOf(cell, trial.hyperparameters as Configuration, trial.seed, device);
  const commit = "1".repeat(40);
  return { ...trial, provenance: { ...trial.provenance, command, commit, dirty: false } };
}

export const [madeFile] = madeFiles({
  optimizers: [{ id: "mine" }],
  batchSizes: [1024],
}) as [CellFile];

export const CHECKSUM = madeFile.trials[0]?.provenance.dataset.checksum as string;

/** One task, one optimizer: `mine`. */
export const knowledge: Knowledge = {
  task: (task, tier) =>
    task === "mnist-mlp" && tier === "mini"
      ? {
          version: 1,
          batchSizes: [512, 1024],
          datasetSizes: [50_000],
          checksums: [CHECKSUM],
          fixed: { clipNorm: 10 },
          updates: (batch, dataset) => 10 * Math.floor(dataset / batch),
          invalidReason: () => undefined,
        }
      : undefined,
  optimizer: (id) =>
    id === "mine"
      ? {
          version: 1,
          problem: ({ learningRate }) =>
            Number(learningRate) > 1 ? "learningRate: at most 1" : undefined,
        }
      : undefined,
};

/** Everything that a forger can compute is computed anew: digest, order, spacing. */
export const storedText = (file: CellFile): string =>
  `${canonicalJson({ ...cellFileSchema.parse(file), digest: digestOf(file) })}\n`;

export const pathOf = ({ cell, arm, device }: CellFile): string =>
  `results/${cellPath(cell, arm, device.class)}`;

export const check = (
  text: string | undefined,
  before?: string,
  path = pathOf(madeFile),
): CheckedResult =>
  checkResult(path, text, before, { knowledge, mayReplace: false, repository: REPOSITORY });

/** The refusals, one per line; empty when it may stand. */
export function refusalsOf(result: CheckedResult): string {
  if (!anyRefused(result.findings)) return "";
  return result.findings.map(({ rule, message }) => `${rule}: ${message}`).join("\n");
}

/** The file with its first trial changed. */
export function forged(change: (trial: Trial) => object): CellFile {
  const [first, ...others] = madeFile.trials as [Trial];
  return { ...madeFile, trials: [{ ...first, ...change(first) } as Trial, ...others] };
}
