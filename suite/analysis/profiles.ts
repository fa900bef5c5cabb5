/**
 * Performance profiles (Dolan & Moré 2002). r(p, s) = t / min_s t on task p; ρ_s(τ) is the share of
 * tasks with r ≤ τ. The score 1/3·∫₁⁴ρ dτ equals the mean over tasks of max(0, (4-r)/3), exactly;
 * AlgoPerf's code uses a 100-point trapezoid, off by at most .00505.
 *
 * Ratios depend on who else is in the set: without a rival another may rise, so only the leader reads
 * safely (Gould & Scott 2016). Freeze and version the reference set.
 */
import { at, mean } from "./statistics.ts";

/** The largest ratio that still counts. */
const LARGEST_RATIO = 4;

/** Times by optimizer [optimizers][tasks]; ∞ for failed, diverged and not run. */
export type Times = Readonly<Record<string, readonly number[]>>;

/** Ratios to the best time of each task; all ∞ on a task that nobody solves. */
export function performanceRatios(times: Times): Record<string, number[]> {
  const rows = Object.entries(times);
  const tasks = rows[0]?.[1].length ?? 0;
  const best = Array.from({ length: tasks }, (_, task) =>
    Math.min(...rows.map(([, row]) => at(row, task))),
  );
  return Object.fromEntries(
    rows.map(([id, row]) => [
      id,
      row.map((time, task) => (Number.isFinite(time) ? time / at(best, task) : time)),
    ]),
  );
}

/** ρ(τ): the share of tasks with a ratio of at most τ. */
export function profileAt(ratios: readonly number[], tau: number): number {
  return ratios.filter((ratio) => ratio <= tau).length / ratios.length;
}

/** The steps of ρ on [1, 4], for drawing: one point per distinct ratio. */
export function profileCurve(ratios: readonly number[]): { tau: number; share: number }[] {
  const taus = [1, ...ratios.filter((ratio) => ratio <= LARGEST_RATIO), LARGEST_RATIO];
  return [...new Set(taus)]
    .sort((a, b) => a - b)
    .map((tau) => ({ tau, share: profileAt(ratios, tau) }));
}

/** Mean over tasks of max(0, (4-r)/3), in [0, 1]. */
export function profileScore(ratios: readonly number[]): number {
  return mean(ratios.map((ratio) => Math.max(0, (LARGEST_RATIO - ratio) / (LARGEST_RATIO - 1))));
}
