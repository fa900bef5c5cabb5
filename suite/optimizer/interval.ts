/** @file When statistics and inverses are refreshed. */
import type { StepInfo } from "./problem.ts";

export interface IntervalHyperparameters {
  readonly curvatureInterval: number;
  readonly inverseInterval: number;
  readonly earlyShare: number;
  readonly earlyInterval: number;
}

/** Step 0 refreshes. */
export function curvatureDue(
  { curvatureInterval }: Pick<IntervalHyperparameters, "curvatureInterval">,
  info: StepInfo,
): boolean {
  return info.step % curvatureInterval === 0;
}

/** Frequent in the early share of training, then every `inverseInterval` steps (paper, Table 2). */
export function inverseDue(h: IntervalHyperparameters, info: StepInfo): boolean {
  const interval = info.progress < h.earlyShare ? h.earlyInterval : h.inverseInterval;
  return info.step % interval === 0;
}

/** Whether every inverse falls on a step that refreshes the statistics. */
export function inversesFollowCurvature(h: IntervalHyperparameters): boolean {
  return inverseIntervals(h).every((interval) => interval % h.curvatureInterval === 0);
}

/** Whether statistics and inverses are those of every step's own batch. */
export function refreshesEveryStep(h: IntervalHyperparameters): boolean {
  return h.curvatureInterval === 1 && inverseIntervals(h).every((interval) => interval === 1);
}

/**
 * Whether a step's batch enters the statistics: where only the last batch counts and every inverse
 * renews it, the batches between are not looked at.
 */
export function statisticsDue(
  h: IntervalHyperparameters & { readonly statistics: string },
  info: StepInfo,
): boolean {
  const unused = h.statistics === "batch" && inversesFollowCurvature(h) && !inverseDue(h, info);
  return curvatureDue(h, info) && !unused;
}

const inverseIntervals = ({
  inverseInterval,
  earlyShare,
  earlyInterval,
}: IntervalHyperparameters) =>
  earlyShare > 0 ? [inverseInterval, earlyInterval] : [inverseInterval];
