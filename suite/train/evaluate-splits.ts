/** @file Which splits are looked at during training and at its end. */
import type { Model } from "../nn/model.ts";
import type { Trial, TrialProtocol } from "../results/schema.ts";
import type { TaskData } from "./data.ts";
import { evaluateSet, halfOf, type Score } from "./evaluation.ts";
import { type EvaluationRow, finiteOrNull } from "./recorder.ts";

interface What {
  readonly protocol: TrialProtocol;
  readonly data: TaskData;
  readonly datasetSize: number;
}

/** Accuracy is reported for classification; language models are scored by their loss. */
function values<L extends string, A extends string>(
  { metric }: TrialProtocol,
  score: Score,
  lossName: L,
  accuracyName: A,
): { [K in L | A]?: number | null } {
  return {
    [lossName]: finiteOrNull(score.loss),
    ...(metric === "accuracy" && { [accuracyName]: finiteOrNull(score.accuracy) }),
  } as { [K in L | A]?: number | null };
}

/** A glance at the training set and at the set that choices are made on. */
export async function evaluateRow(model: Model, what: What): Promise<EvaluationRow> {
  const { protocol, data, datasetSize } = what;
  const { evaluationBatch, trainExamplesPerEvaluation, selection } = protocol;
  const train = data.evaluationSet("train", datasetSize);
  const chosen = data.evaluationSet(
    selection === "validation" ? "validation" : "test",
    datasetSize,
  );
  if (!train || !chosen) throw new Error(`Dataset ${data.name} lacks the split that is evaluated.`);
  const trainScore = await evaluateSet(model, train, evaluationBatch, trainExamplesPerEvaluation);
  const chosenScore = await evaluateSet(model, chosen, evaluationBatch);
  return {
    ...values(protocol, trainScore, "trainLoss", "trainAccuracy"),
    ...(selection === "validation"
      ? values(protocol, chosenScore, "validationLoss", "validationAccuracy")
      : values(protocol, chosenScore, "testLoss", "testAccuracy")),
  };
}

/** Every split in full, after the last update. */
export async function finalScores(model: Model, what: What): Promise<Trial["final"]> {
  const { protocol, data, datasetSize } = what;
  const score = async (set: ReturnType<TaskData["evaluationSet"]>) =>
    set ? evaluateSet(model, set, protocol.evaluationBatch) : undefined;
  const train = await score(data.evaluationSet("train", datasetSize));
  const validation = await score(data.evaluationSet("validation", datasetSize));
  const test = data.evaluationSet("test", datasetSize);
  if (!train || !test) throw new Error(`Dataset ${data.name} lacks its training or test split.`);
  const halves =
    protocol.selection === "cross-fitted"
      ? { halfA: await score(halfOf(test, "A")), halfB: await score(halfOf(test, "B")) }
      : undefined;
  const { halfA, halfB } = halves ?? {};
  return {
    trainLoss: null,
    ...values(protocol, train, "trainLoss", "trainAccuracy"),
    ...(validation && values(protocol, validation, "validationLoss", "validationAccuracy")),
    ...values(protocol, (await score(test)) as Score, "testLoss", "testAccuracy"),
    ...(halfA && halfB && { halfA: half(protocol, halfA), halfB: half(protocol, halfB) }),
  };
}

function half(protocol: TrialProtocol, score: Score): NonNullable<Trial["final"]["halfA"]> {
  return { loss: null, ...values(protocol, score, "loss", "accuracy") };
}
