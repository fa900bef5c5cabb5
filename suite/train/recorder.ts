/** @file The curves of a trial while it runs. */
import type { Trial } from "../results/schema.ts";

export type Evaluations = Trial["evaluations"];
export type TrainingCurve = Trial["training"];
export type EvaluationRow = {
  readonly [K in keyof Required<Evaluations>]?: Required<Evaluations>[K][number];
};

/** Numbers that are not finite are stored as null: JSON has no NaN. */
export const finiteOrNull = (value: number): number | null =>
  Number.isFinite(value) ? Number(value.toPrecision(7)) : null;

export interface Curves {
  readonly evaluations: Evaluations;
  readonly training: TrainingCurve;
}

export function emptyCurves(): Curves {
  return {
    evaluations: { step: [], epoch: [], flops: [], seconds: [], trainLoss: [] },
    training: { step: [], loss: [] },
  };
}

/** Appends one evaluation; the first one decides which columns there are. */
export function appendEvaluation({ evaluations }: Curves, row: EvaluationRow): void {
  const table = evaluations as Record<string, (number | null)[]>;
  for (const [name, value] of Object.entries(row)) {
    if (value === undefined) continue;
    table[name] ??= [];
    table[name].push(value);
  }
}
