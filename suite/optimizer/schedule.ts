/** @file Learning-rate schedules, as factors on the learning rate. */

export interface Schedule {
  readonly kind: "cosine" | "constant";
  /** `epoch`: the factor changes between epochs only, as the paper's library steps it. */
  readonly per: "step" | "epoch";
  /** Linear rise from 1/warmupSteps over the first steps. */
  readonly warmupSteps: number;
}

/** Factor in [0, 1] at `step` (from 0) of `steps`. Cosine falls from 1 towards 0. */
export function rateFactor(
  schedule: Schedule,
  step: number,
  steps: number,
  stepsPerEpoch: number,
): number {
  const warmup = step < schedule.warmupSteps ? (step + 1) / schedule.warmupSteps : 1;
  if (schedule.kind === "constant") return warmup;
  const unit = schedule.per === "epoch" ? stepsPerEpoch : 1;
  const progress = Math.floor(step / unit) / Math.ceil(steps / unit);
  return warmup * 0.5 * (1 + Math.cos(Math.PI * progress));
}
