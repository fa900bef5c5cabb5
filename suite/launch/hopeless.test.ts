import { describe, expect, it } from "vitest";
import { syntheticFiles } from "../analysis/synthetic.ts";
import type { CellFile, Trial } from "../results/schema.ts";
import { emptyCurves } from "../train/recorder.ts";
import { medianRule } from "./hopeless.ts";

const [file] = syntheticFiles({ batchSizes: [64] }) as [CellFile];
const steps = [0, 10, 20, 30, 40];

function tuned(validationAccuracy: (number | null)[], status: Trial["status"] = "finished"): Trial {
  const evaluations = { ...emptyCurves().evaluations, step: steps, validationAccuracy };
  return { ...(file.trials[0] as Trial), role: "tune", status, evaluations };
}

/** Means up to the third evaluation: 0.2, 0.4, 0.5, 0.6, 0.7. */
const FINISHED = [
  tuned([0.1, 0.2, 0.3, 0.3, 0.3]),
  tuned([0.1, 0.5, 0.6, 0.7, 0.7]),
  tuned([0.1, 0.6, 0.8, 0.9, 0.9]),
  tuned([0.3, 0.6, 0.9, 0.9, 0.9]),
  tuned([0.4, 0.8, 0.9, 0.9, 0.9]),
];
const ACCURACY = { metric: "accuracy", selection: "validation" } as const;

function curves(validationAccuracy: (number | null)[]) {
  const step = steps.slice(0, validationAccuracy.length);
  return {
    ...emptyCurves(),
    evaluations: { ...emptyCurves().evaluations, step, validationAccuracy },
  };
}

describe("medianRule", () => {
  const rule = medianRule(FINISHED, ACCURACY);

  it("stops what never came up to the middle of the others, and says why", () => {
    expect(rule?.(curves([0.1, 0.3, 0.49]))).toBe(
      "hopeless at step 20: best validationAccuracy 0.49, median of 5 finished configurations 0.5",
    );
  });

  it("leaves what once did: its best counts, not its last", () => {
    expect(rule?.(curves([0.1, 0.5, 0.2]))).toBeUndefined();
    expect(rule?.(curves([0.1, 0.5, null]))).toBeUndefined();
  });

  it("leaves the first quarter of training alone", () => {
    expect(rule?.(curves([0.01]))).toBeUndefined();
    expect(rule?.(curves([0.01, 0.01]))).toMatch(/hopeless at step 10/);
  });

  it("has no opinion before five configurations finished", () => {
    expect(medianRule(FINISHED.slice(1), ACCURACY)).toBeUndefined();
    expect(medianRule([...FINISHED.slice(1), tuned([0], "diverged")], ACCURACY)).toBeUndefined();
  });

  it("looks at the training loss where the test set does the choosing", () => {
    const losses = [0.5, 0.6, 0.7, 0.8, 0.9].map((loss) => ({
      ...(FINISHED[0] as Trial),
      evaluations: { ...emptyCurves().evaluations, step: [0, 10], trainLoss: [loss, loss] },
    }));
    const byLoss = medianRule(losses, { metric: "accuracy", selection: "cross-fitted" });
    const at = (loss: number) => ({
      ...emptyCurves(),
      evaluations: { ...emptyCurves().evaluations, step: [0, 10], trainLoss: [2, loss] },
    });
    expect(byLoss?.(at(0.69))).toBeUndefined();
    expect(byLoss?.(at(0.71))).toMatch(/best trainLoss 0\.71, median .* 0\.7$/);
  });
});
