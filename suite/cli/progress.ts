/** @file What a person sees while trials run: a bar with an estimate, and each result as a line. */
import { MultiBar, type SingleBar } from "cli-progress";
import type { WorkerMessage } from "../launch/messages.ts";
import type { CellPlan } from "../protocol/plan.ts";
import { trialCount } from "../protocol/plan.ts";
import type { Cell, Trial } from "../results/schema.ts";
import { duration } from "./words.ts";

export interface ProgressView {
  onMessage(message: WorkerMessage): void;
  note(line: string): void;
  stop(): void;
}

/**
 * Work is counted in training examples × cost of the method so far, not in trials: trials differ.
 * Writes to stderr; `--json` writes one JSON line per finished trial to stdout instead.
 */
export function progressView(
  cells: readonly CellPlan[],
  mode: "bar" | "lines" | "json",
): ProgressView {
  const total = cells.reduce((sum, plan) => sum + trialCount(plan), 0);
  const began = Date.now();
  const running = new Map<string, number>();
  let done = 0;
  const bars =
    mode === "bar"
      ? new MultiBar({
          hideCursor: true,
          clearOnComplete: true,
          format: "{bar} {value}/{total} trials · {left}",
        })
      : undefined;
  const bar: SingleBar | undefined = bars?.create(total, 0, { left: "estimating" });
  const update = () => {
    const share = done + [...running.values()].reduce((sum, value) => sum + value, 0);
    const elapsed = (Date.now() - began) / 1000;
    const left =
      share > 0.5 ? `about ${duration((elapsed / share) * (total - share))} left` : "estimating";
    bar?.update(done, { left });
  };
  const print = (line: string) => {
    if (bars) bars.log(`${line}\n`);
    else process.stderr.write(`${line}\n`);
  };
  return {
    onMessage: (message) => {
      const name = cellName(message.cell);
      if (message.kind === "progress") running.set(name, message.share);
      else {
        running.delete(name);
        done++;
        if (mode === "json") process.stdout.write(`${jsonLine(message.cell, message.trial)}\n`);
        else print(`${done}/${total}  ${resultLine(message.cell, message.trial, message.reused)}`);
      }
      update();
    },
    note: print,
    stop: () => bars?.stop(),
  };
}

const cellName = (cell: Cell): string =>
  `${cell.optimizer} b${cell.batchSize} n${cell.datasetSize}`;

function resultLine(cell: Cell, trial: Trial, reused: boolean): string {
  const { testAccuracy, testLoss } = trial.final;
  const value =
    testAccuracy !== undefined && testAccuracy !== null
      ? `${(100 * testAccuracy).toFixed(2)} %`
      : `loss ${testLoss?.toFixed(4) ?? "not finite"}`;
  const time = reused ? "known" : duration(trial.cost.seconds.train + trial.cost.seconds.evaluate);
  return `${cellName(cell)} ${trial.role} seed ${trial.seed}: ${trial.status}, ${value}, ${time}`;
}

function jsonLine(cell: Cell, { key, role, seed, status, final, cost }: Trial): string {
  return JSON.stringify({
    kind: "trial",
    ...cell,
    key,
    role,
    seed,
    status,
    final,
    seconds: cost.seconds,
  });
}
