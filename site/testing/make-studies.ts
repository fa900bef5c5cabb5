/**
 * @file Synthetic trials of the studies that have an arm of their own: maps over learning rate and
 * damping (Figure 4), the criterion of PSGD (Figure 3), eigenvalues by layer (Figure 7), inverse
 * intervals (Table 2). Shaped like the paper's; never commit what is made of them.
 */
import { join } from "node:path";
import { syntheticFiles, syntheticPeak } from "../../suite/analysis/synthetic.ts";
import { gridConfigurations } from "../../suite/optimizer/search.ts";
import type { CellFile, Trial } from "../../suite/results/schema.ts";
import { cellPath, writeCellFile } from "../../suite/results/store.ts";

type Table = NonNullable<Trial["diagnostics"]>[string];

const POINTS = 40;

export function makeStudies(folder: string): void {
  for (const file of [...maps(), ...criterion(), ...eigenvalues(), ...intervals()]) {
    writeCellFile(join(folder, cellPath(file.cell, file.arm, file.device.class)), file);
  }
}

function maps(): CellFile[] {
  return syntheticFiles({
    task: "mnist-mlp",
    arm: "fig4",
    optimizers: ["kfac", "foof", "shampoo"].map((id) => ({ id, damped: true })),
    batchSizes: [256, 1024, 8192],
    learningRates: [0.01, 0.03, 0.1, 0.3, 1],
    dampings: [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1],
  });
}

function criterion(): CellFile[] {
  const files = syntheticFiles({
    task: "mnist-mlp",
    arm: "fig3",
    optimizers: [{ id: "psgd" }],
    batchSizes: [512, 1024, 2048, 4096, 8192],
    learningRates: [0.01],
  });
  return files.map((file) =>
    withDiagnostics(file, (step, seed) => ({ criterion: 40 * Math.exp(-step / 60) + 0.2 * seed })),
  );
}

const LAYERS = ["stem", ...[1, 2, 3, 4].flatMap((stage) => [`stage${stage}.a`, `stage${stage}.b`])];

function eigenvalues(): CellFile[] {
  const files = syntheticFiles({
    task: "cifar-resnet18",
    arm: "fig7",
    optimizers: [{ id: "shampoo" }],
    batchSizes: [128],
    datasetSizes: [10_000],
    learningRates: [0.01],
  });
  const settled = (layer: number, step: number) => (8 / (layer + 1)) * (0.2 + Math.exp(-step / 60));
  return files.map((file) =>
    withDiagnostics(file, (step) =>
      Object.fromEntries([
        ...LAYERS.flatMap((layer, i) =>
          [0, 1].map((axis) => [
            `largestEigenvalue.${layer}/weights.${axis}`,
            settled(i + axis / 2, step),
          ]),
        ),
        ...[0, 1].map((axis) => [
          `largestEigenvalue.classifier/weights.${axis}`,
          0.05 * (1 + axis) * (1 + step / 40),
        ]),
      ]),
    ),
  );
}

/** `values` at evenly spaced steps, for each trial. */
function withDiagnostics(
  file: CellFile,
  values: (step: number, seed: number) => Readonly<Record<string, number>>,
): CellFile {
  const tableOf = ({ seed, cost: { steps } }: Trial): Table => {
    const count = Math.min(POINTS, steps);
    const step = Array.from({ length: count }, (_, i) => Math.round(((i + 1) * steps) / count));
    const rows = step.map((one) => values(one, seed));
    const names = Object.keys(rows[0] ?? {});
    return {
      step,
      series: Object.fromEntries(names.map((name) => [name, rows.map((row) => row[name] ?? null)])),
    };
  };
  const trials = file.trials.map((trial) => ({
    ...trial,
    diagnostics: { optimizer: tableOf(trial) },
  }));
  return { ...file, trials };
}

function intervals(): CellFile[] {
  const optimizer = { id: "shampoo", damped: true };
  const [board] = syntheticFiles({
    task: "cifar-vit-tiny",
    arm: "table2",
    optimizers: [optimizer],
    batchSizes: [32],
    datasetSizes: [10_000],
    learningRates: [0.01],
    dampings: [0.01],
    reportSeeds: [1, 2, 3],
  });
  if (!board) return [];
  const peak = syntheticPeak({ optimizer, batchSize: 32, datasetSize: 10_000 }, 10_000);
  const grid = gridConfigurations({
    curvatureInterval: [10],
    earlyInterval: [10],
    earlyShare: [0, 0.003, 0.01, 0.03, 0.1],
    inverseInterval: [30, 100, 300, 1000],
  });
  const reports = board.trials.filter(({ role }) => role === "report");
  const trials = grid.flatMap((settings, index) =>
    reports.map((trial): Trial => {
      const interval = Math.log10(Number(settings.inverseInterval) / 30);
      const loss = Number(settings.earlyShare) < 0.003 ? 0.03 * interval : 0.0005 * interval;
      return {
        ...trial,
        key: trial.key.slice(0, 28) + index.toString(16).padStart(4, "0"),
        hyperparameters: { ...trial.hyperparameters, ...settings },
        final: { ...trial.final, testAccuracy: peak - loss + 0.0004 * (trial.seed - 2) },
      };
    }),
  );
  return [{ ...board, trials }];
}
