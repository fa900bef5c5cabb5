/** @file The command that reruns exactly one trial. */
import type { DeviceReport } from "../engine/index.ts";
import type { Configuration } from "../optimizer/search.ts";
import type { Cell } from "../results/schema.ts";

/** `npm run bench -- …` with every hyperparameter, the seed and the device spelled out. */
export function commandOf(
  cell: Cell,
  configuration: Configuration,
  seed: number,
  { backend, device, threads }: Pick<DeviceReport, "backend" | "device" | "threads">,
): string {
  const settings = Object.entries(configuration)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`);
  return [
    "npm run bench --",
    `--task ${cell.task} --tier ${cell.tier} --optimizer ${cell.optimizer}`,
    `--batch-size ${cell.batchSize} --dataset-size ${cell.datasetSize} --seed ${seed}`,
    `--set ${settings.join(",")}`,
    `--backend ${backend} --device ${device} --threads ${threads}`,
  ].join(" ");
}
