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
  { curvatureInterval }: IntervalHyperparameters,
  info: StepInfo,
): boolean {
  return info.step % curvatureInterval === 0;
}

/** Frequent in the early share of training, then every `inverseInterval` steps (paper, Table 2). */
export function inverseDue(h: IntervalHyperparameters, info: StepInfo): boolean {
  const interval = info.progress < h.earlyShare ? h.earlyInterval : h.inverseInterval;
  return info.step % interval === 0;
}
