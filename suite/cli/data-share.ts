/** @file How much of training is spent waiting for batches. */
import type { CellFile } from "../results/schema.ts";
import { percent } from "./words.ts";

/** More than this, and the data pipeline distorts comparisons by seconds. */
const ACCEPTABLE = 0.03;

/** One line over all trials of these files; empty where none has trained. */
export function dataShareText(files: readonly CellFile[]): string {
  const cells = files.map(({ cell, trials }) => ({ cell, ...secondsOf(trials) }));
  const [data, train] = [
    cells.reduce((sum, one) => sum + one.data, 0),
    cells.reduce((sum, one) => sum + one.train, 0),
  ];
  if (train === 0) return "";
  const share = (one: { data: number; train: number }) =>
    one.train > 0 ? one.data / one.train : 0;
  const worst = cells.reduce((most, one) => (share(one) > share(most) ? one : most));
  const { optimizer, batchSize } = worst.cell;
  return (
    `Waiting for data: ${percent(data / train, 1)} of training time; ` +
    `most ${percent(share(worst), 1)} (${optimizer} at batch ${batchSize})` +
    `${data / train > ACCEPTABLE ? `: above ${percent(ACCEPTABLE, 1)}, so seconds say less` : ""}.`
  );
}

function secondsOf(trials: CellFile["trials"]): { data: number; train: number } {
  const sum = (name: "data" | "train") =>
    trials.reduce((total, { cost }) => total + cost.seconds[name], 0);
  return { data: sum("data"), train: sum("train") };
}
