/**
 * What a board ranks by. The direction is part of the metric; everything that compares works on
 * *oriented* values, where more is better.
 */
import type { Trial } from "../results/schema.ts";

export type MetricId = "test-accuracy" | "test-loss" | "train-accuracy" | "train-loss";

export interface Metric {
  id: MetricId;
  name: string;
  direction: "higher" | "lower";
  quantity: "accuracy" | "loss";
  /** Test metrics may be cross-fitted; train metrics are read as they are. */
  split: "test" | "train";
}

export const METRICS: Readonly<Record<MetricId, Metric>> = {
  "test-accuracy": metric("test-accuracy", "test accuracy", "higher", "accuracy", "test"),
  "test-loss": metric("test-loss", "test loss", "lower", "loss", "test"),
  "train-accuracy": metric("train-accuracy", "train accuracy", "higher", "accuracy", "train"),
  "train-loss": metric("train-loss", "train loss", "lower", "loss", "train"),
};

function metric(
  id: MetricId,
  name: string,
  direction: Metric["direction"],
  quantity: Metric["quantity"],
  split: Metric["split"],
): Metric {
  return { id, name, direction, quantity, split };
}

/**
 * What the analysis has to know about a task at a tier and cannot read from its results: plain data
 * from the task's declaration and the tier's protocol.
 */
export interface TaskFacts {
  /** What configurations are chosen by and boards rank by. */
  primary: Metric["quantity"];
  /** `validation`: chosen on the validation set; `cross-fitted`: on halves of the test set. */
  selection: "validation" | "cross-fitted";
  /** Chance level of the primary quantity: 1/classes, or log(vocabulary). */
  chance: number;
  /** The value (of the primary quantity) that SGD and AdamW must reach somewhere on the axis. */
  competenceFloor?: number;
  /** Examples in test halves A and B, where they are not equal. */
  halves?: readonly [number, number];
}

/** The metric that a task's boards rank by. */
export function primaryMetric(facts: TaskFacts): Metric {
  return METRICS[facts.primary === "accuracy" ? "test-accuracy" : "test-loss"];
}

/** What a model that learned nothing scores: accuracy 1/classes, cross-entropy log(classes). */
export function chanceLevel(quantity: Metric["quantity"], facts: TaskFacts): number {
  if (quantity === facts.primary) return facts.chance;
  return quantity === "loss" ? -Math.log(facts.chance) : Math.exp(-facts.chance);
}

/** More is better; its own inverse. */
export function oriented(metric: Metric, value: number): number {
  return metric.direction === "higher" ? value : -value;
}

type Final = Trial["final"];

/** A trial's final value of the metric, null when it was not finite or not measured. */
export function finalValue(final: Final, metric: Metric): number | null {
  switch (metric.id) {
    case "test-accuracy":
      return final.testAccuracy ?? null;
    case "test-loss":
      return final.testLoss ?? null;
    case "train-accuracy":
      return final.trainAccuracy ?? null;
    case "train-loss":
      return final.trainLoss;
  }
}

/**
 * One way of choosing and reporting. A score is the weighted sum over folds of what the fold reports
 * for the configuration that the fold selects.
 */
export interface Fold {
  weight: number;
  /** Oriented, null when not finite. */
  select: (final: Final) => number | null;
  /** In the metric's own unit, null when not finite. */
  report: (final: Final) => number | null;
}

const nullable = (value: number | null | undefined) => value ?? null;

function selectBy(facts: TaskFacts, accuracy: number | null | undefined, loss: number | null) {
  if (facts.primary === "accuracy") return nullable(accuracy);
  return loss === null ? null : -loss;
}

/**
 * The tier's rule: chosen on the validation set and reported on the test set, or cross-fitted over the
 * halves of the test set.
 */
export function foldsOf(metric: Metric, facts: TaskFacts): Fold[] {
  const whole = (final: Final) => finalValue(final, metric);
  if (facts.selection === "validation") {
    const select = (final: Final) =>
      selectBy(facts, final.validationAccuracy, nullable(final.validationLoss));
    return [{ weight: 1, select, report: whole }];
  }
  const [sizeA, sizeB] = facts.halves ?? [1, 1];
  return (["halfA", "halfB"] as const).map((chooser) => {
    const reporter = chooser === "halfA" ? "halfB" : "halfA";
    return {
      weight: (reporter === "halfA" ? sizeA : sizeB) / (sizeA + sizeB),
      select: (final) => selectBy(facts, final[chooser]?.accuracy, nullable(final[chooser]?.loss)),
      report:
        metric.split === "train"
          ? whole
          : (final) =>
              metric.quantity === "accuracy"
                ? nullable(final[reporter]?.accuracy)
                : nullable(final[reporter]?.loss),
    };
  });
}
