/** @file What a person sees while trials run: a bar with an estimate, and each result as a line. */
import { MultiBar } from "cli-progress";
import type { Estimator } from "../launch/estimate.ts";
import type { WorkerMessage } from "../launch/messages.ts";
import { type CellPlan, trialCount } from "../protocol/plan.ts";
import type { Cell, Trial } from "../results/schema.ts";
import { cellName, timeLeft } from "./time-left.ts";
import { duration, percent } from "./words.ts";

/** `bar`: a terminal; `lines`: a log; `json`: one line per event on standard output, for machines. */
export type ProgressMode = "bar" | "lines" | "json";

export interface ProgressView {
  onMessage(message: WorkerMessage): void;
  /** A cell is done, or failed with an error. */
  onCellEnd(plan: CellPlan, error?: Error): void;
  note(line: string): void;
  stop(): void;
}

export interface ProgressOptions {
  readonly mode: ProgressMode;
  readonly estimate: Pick<Estimator, "work">;
  readonly workers: number;
}

/** A log tells at least this often that something runs. */
const HEARTBEAT_SECONDS = 60;

/** Writes to stderr; JSON lines go to stdout. */
export function progressView(
  plans: readonly CellPlan[],
  { mode, estimate, workers }: ProgressOptions,
): ProgressView {
  const total = plans.reduce((sum, plan) => sum + trialCount(plan), 0);
  // Not the time of day: that may jump.
  const now = () => performance.now() / 1000;
  const left = timeLeft(plans, estimate, workers, now);
  const running = new Map<string, number>();
  let done = 0;
  let known = 0;
  let lastLine = now();
  const bars = mode === "bar" ? new MultiBar(BAR) : undefined;
  const bar = bars?.create(1, 0, { done, total, left: "estimating", running: "" });
  const state = () => ({
    done,
    total,
    left: leftText(left.seconds()),
    running: [...running].map(([name, share]) => `${name} ${percent(share)}`).join(", "),
  });
  const print = (line: string) => {
    lastLine = now();
    if (bars) bars.log(`${line}\n`);
    else process.stderr.write(`${line}\n`);
  };
  const tell = (event: object) => process.stdout.write(`${JSON.stringify(event)}\n`);
  const trialEnded = ({ cell, trial, reused }: Extract<WorkerMessage, { kind: "trial" }>) => {
    running.delete(cellName(cell));
    done++;
    if (reused) known++;
    left.trialEnded(cell, secondsOf(trial), reused);
    const secondsLeft = done < total ? left.seconds() : 0;
    if (mode === "json") {
      const rest = secondsLeft === undefined ? {} : { secondsLeft: Math.round(secondsLeft) };
      tell({ ...trialEvent(cell, trial), reused, done, total, ...rest });
    } else if (!reused) {
      const rest = bars || done >= total ? "" : ` · ${leftText(secondsLeft)}`;
      print(`${done}/${total}  ${resultLine(cell, trial)}${rest}`);
    }
  };
  return {
    onMessage: (message) => {
      if (message.kind === "trial") trialEnded(message);
      else {
        running.set(cellName(message.cell), message.share);
        left.progressed(message.cell, message.share);
        if (mode === "lines" && now() - lastLine > HEARTBEAT_SECONDS) {
          print(`${done}/${total}  running: ${state().running} · ${state().left}`);
        }
      }
      bar?.update(left.share(), state());
    },
    onCellEnd: ({ cell }, error) => {
      running.delete(cellName(cell));
      left.cellEnded(cell);
      if (error && mode === "json") tell({ kind: "failure", ...cell, message: error.message });
      else if (error) print(`failed: ${cellName(cell)}: ${error.message}`);
      bar?.update(left.share(), state());
    },
    note: print,
    stop: () => {
      if (known > 0 && mode !== "json") print(`${known} of ${total} trials were known already.`);
      bars?.stop();
    },
  };
}

const BAR = {
  hideCursor: true,
  clearOnComplete: true,
  format: "{bar} {percentage} % · {done}/{total} trials · {left} · {running}",
} as const;

const leftText = (seconds: number | undefined): string =>
  seconds === undefined ? "estimating" : `about ${duration(seconds)} left`;

const secondsOf = ({ cost }: Trial): number =>
  cost.seconds.train + cost.seconds.evaluate + cost.seconds.compile;

function resultLine(cell: Cell, trial: Trial): string {
  const { testAccuracy, testLoss } = trial.final;
  const value =
    testAccuracy !== undefined && testAccuracy !== null
      ? `${(100 * testAccuracy).toFixed(2)} %`
      : `loss ${testLoss?.toFixed(4) ?? "not finite"}`;
  const what = `${cellName(cell)} ${trial.role} seed ${trial.seed}`;
  return `${what}: ${trial.status}, ${value}, ${duration(secondsOf(trial))}`;
}

function trialEvent(cell: Cell, { key, role, seed, status, final, cost }: Trial): object {
  return { kind: "trial", ...cell, key, role, seed, status, final, seconds: cost.seconds };
}
