/**
 * @file How long a sweep still takes. Cells differ by orders of magnitude, so not trials are counted
 * but work: measured seconds where there are any. What this machine takes for a unit of work is learnt
 * as trials run, for each method on its own, so that the estimate converges where the tables are off.
 */
import type { Estimator } from "../launch/estimate.ts";
import { type CellPlan, trialCount } from "../protocol/plan.ts";
import type { Cell } from "../results/schema.ts";

export interface TimeLeft {
  /** A trial is at this share of its updates. */
  progressed(cell: Cell, share: number): void;
  /** A trial is done; `reused` ones cost nothing and teach nothing. */
  trialEnded(cell: Cell, seconds: number, reused: boolean): void;
  /** Nothing more comes from this cell, whether it finished or failed. */
  cellEnded(cell: Cell): void;
  /** Undefined until some work has been seen. */
  seconds(): number | undefined;
  /** Work done, of all that there is, in [0, 1]. */
  share(): number;
}

interface CellWork {
  readonly optimizer: string;
  readonly perTrial: number;
  trialsLeft: number;
  /** The trial in flight: its share now, and `from` what it had when we began to watch. */
  running?: { readonly since: number; readonly from: number; readonly share: number };
}

export const cellName = (cell: Cell): string =>
  `${cell.optimizer} b${cell.batchSize} n${cell.datasetSize}`;

/** `now`: seconds of any clock that does not jump. */
export function timeLeft(
  plans: readonly CellPlan[],
  { work }: Pick<Estimator, "work">,
  workers: number,
  now: () => number,
): TimeLeft {
  const cells = new Map(
    plans.map((plan): [string, CellWork] => {
      const trialsLeft = trialCount(plan);
      const { optimizer } = plan.cell;
      return [cellName(plan.cell), { optimizer, trialsLeft, perTrial: work(plan) / trialsLeft }];
    }),
  );
  const ended = new Map<string, Seen>();
  const whole = sumOf([...cells.values()], leftIn);
  return {
    progressed: (cell, share) => {
      const found = cells.get(cellName(cell));
      // One that was interrupted goes on from where it was, and that cost nothing now.
      if (found) found.running = { ...(found.running ?? { since: now(), from: share }), share };
    },
    trialEnded: (cell, seconds, reused) => {
      const found = cells.get(cellName(cell));
      if (!found) return;
      found.trialsLeft = Math.max(0, found.trialsLeft - 1);
      if (reused) return;
      // What comes next in this cell has begun.
      found.running = { since: now(), from: 0, share: 0 };
      const before = ended.get(found.optimizer) ?? { seconds: 0, work: 0 };
      ended.set(found.optimizer, plus(before, { seconds, work: found.perTrial }));
    },
    cellEnded: (cell) => {
      cells.delete(cellName(cell));
    },
    seconds: () => {
      const rate = rates([...cells.values()], ended, now());
      const lefts = [...cells.values()].map((cell) => leftIn(cell) * rate(cell.optimizer));
      const all = sumOf(lefts, (left) => left);
      // One cell is one process's: the last ones do not share the work.
      const left = Math.max(all / workers, ...lefts);
      return Number.isFinite(left) ? left : undefined;
    },
    share: () => (whole === 0 ? 1 : 1 - sumOf([...cells.values()], leftIn) / whole),
  };
}

interface Seen {
  readonly seconds: number;
  readonly work: number;
}

const plus = (a: Seen, b: Seen): Seen => ({
  seconds: a.seconds + b.seconds,
  work: a.work + b.work,
});

const sumOf = <T>(all: readonly T[], of: (one: T) => number): number =>
  all.reduce((sum, one) => sum + of(one), 0);

/** A cell may report more trials than planned (cross-fitting): never less than nothing is left. */
function leftIn({ trialsLeft, perTrial, running }: CellWork): number {
  return Math.max(0, trialsLeft - (running?.share ?? 0)) * perTrial;
}

/** Seconds per unit of work: of the method where it has run, else of all that ran; NaN before that. */
function rates(
  cells: readonly CellWork[],
  ended: ReadonlyMap<string, Seen>,
  now: number,
): (optimizer: string) => number {
  const seen = new Map(ended);
  for (const { optimizer, perTrial, running } of cells) {
    if (!running || running.share <= running.from) continue;
    const work = (running.share - running.from) * perTrial;
    const sofar = { seconds: now - running.since, work };
    seen.set(optimizer, plus(seen.get(optimizer) ?? { seconds: 0, work: 0 }, sofar));
  }
  const all = [...seen.values()].reduce(plus, { seconds: 0, work: 0 });
  return (optimizer) => {
    const own = seen.get(optimizer) ?? all;
    return own.seconds / own.work;
  };
}
