/** @file What `launchProcesses` takes, on the made task with SGD. */
import { sgd } from "../../../optimizers/sgd.ts";
import type { OptimizerDeclaration } from "../../optimizer/declaration.ts";
import type { Configuration } from "../../optimizer/search.ts";
import type { CellPlan } from "../../protocol/plan.ts";
import { BOARD_ARM, type Tier } from "../../results/schema.ts";
import type { LaunchOptions } from "../processes.ts";

interface MadeSweep {
  readonly root: string;
  readonly scratch: string;
  readonly tier?: Tier;
  readonly batchSizes: readonly number[];
  readonly workers?: number;
  readonly threads?: number;
}

export function madeSweep({ root, scratch, tier = "smoke", ...sweep }: MadeSweep) {
  const { workers = 1, threads = 1, batchSizes } = sweep;
  const optimizer = sgd as unknown as OptimizerDeclaration;
  const cells = batchSizes.map(
    (batchSize): CellPlan => ({
      cell: { tier, task: "made", optimizer: optimizer.id, batchSize, datasetSize: 48 },
      arm: BOARD_ARM,
      configurations: [optimizer.hyperparameters.parse({}) as Configuration],
      reportSeeds: [1],
      diagnosticPoints: 0,
    }),
  );
  const options: LaunchOptions = {
    engine: { backend: "onnxruntime", device: "cpu", workers, threads },
    root,
    scratch,
    worker: new URL("./made-worker.ts", import.meta.url),
    onMessage: () => {},
    onCellEnd: () => {},
  };
  return { cells, options };
}
