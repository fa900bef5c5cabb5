/** @file Which tuning trials are not worth their remaining budget. */
import type { Trial, TrialProtocol } from "../results/schema.ts";
import type { Curves, Evaluations } from "../train/recorder.ts";

/** A median of fewer is chance. */
const LEAST_FINISHED = 5;

/** The first part of training says little: schedules decay late. */
const LEAST_SHARE = 0.25;

/**
 * The median rule (Golovin et al., "Google Vizier", KDD 2017, section 3.2.2): a trial whose best value
 * so far is worse than the median, over the configurations that finished in this cell, of their mean
 * value up to the same evaluation. Values are those that configurations are chosen by; where that is a
 * part of the test set (cross-fitting), the training loss instead.
 *
 * Returns what `stopEarly` of a trial takes; undefined while too few have finished.
 */
export function medianRule(
  tuned: readonly Trial[],
  protocol: Pick<TrialProtocol, "metric" | "selection">,
): ((curves: Curves) => string | undefined) | undefined {
  const finished = tuned.filter(({ role, status }) => role === "tune" && status === "finished");
  if (finished.length < LEAST_FINISHED) return undefined;
  const column = columnOf(protocol);
  const others = finished.map(({ evaluations }) => oriented(evaluations, column));
  const whole = Math.max(...others.map(({ length }) => length)) - 1;
  return ({ evaluations }) => {
    const own = oriented(evaluations, column);
    if (own.length - 1 < LEAST_SHARE * whole) return undefined;
    const best = Math.max(...own);
    const middle = median(others.map((values) => mean(values.slice(0, own.length))));
    if (best >= middle) return undefined;
    const step = evaluations.step.at(-1);
    return `hopeless at step ${step}: best ${column} ${shown(best)}, median of ${finished.length} finished configurations ${shown(middle)}`;
  };
}

type Column = "validationAccuracy" | "validationLoss" | "trainLoss";

function columnOf({ metric, selection }: Pick<TrialProtocol, "metric" | "selection">): Column {
  if (selection === "cross-fitted") return "trainLoss";
  return metric === "accuracy" ? "validationAccuracy" : "validationLoss";
}

/** More is better; what was not finite is worst. */
function oriented(evaluations: Evaluations, column: Column): number[] {
  const sign = column === "validationAccuracy" ? 1 : -1;
  return (evaluations[column] ?? []).map((value) =>
    value === null ? Number.NEGATIVE_INFINITY : sign * value,
  );
}

/** Undoes the orientation. */
const shown = (value: number): string => String(Math.abs(Number(value.toPrecision(4))));

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return mean(sorted.slice(Math.ceil(middle) - 1, Math.floor(middle) + 1));
}
