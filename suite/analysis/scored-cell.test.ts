import { describe, expect, it } from "vitest";
import { makeFile, makeTrial, type TrialSpec } from "./fixtures/cells.ts";
import { expectClose } from "./fixtures/expect-close.ts";
import { METRICS, type TaskFacts } from "./metric.ts";
import { scoreCell } from "./scored-cell.ts";

const facts: TaskFacts = { primary: "accuracy", selection: "validation", chance: 0.1 };
const accuracy = METRICS["test-accuracy"];
const rates = [1, 0.3, 0.1, 0.03, 0.01];

function tune(learningRate: number, validation: number | null, test: number, rest: TrialSpec = {}) {
  const final = { validationAccuracy: validation, testAccuracy: test };
  return makeTrial({ hyperparameters: { learningRate }, final, ...rest });
}

function report(learningRate: number, seed: number, test: number, rest: TrialSpec = {}) {
  const final = { validationAccuracy: 0.5, testAccuracy: test };
  return makeTrial({ role: "report", seed, hyperparameters: { learningRate }, final, ...rest });
}

describe("a cell chosen on the validation set", () => {
  const file = makeFile([
    tune(0.1, 0.97, 0.94),
    tune(0.3, 0.96, 0.99),
    tune(1, null, 0.1, { status: "diverged" }),
    report(0.1, 2, 0.95),
    report(0.1, 1, 0.93),
    report(0.3, 1, 0.999),
  ]);
  const cell = scoreCell(file, accuracy, facts);

  it("reports the choice's fresh seeds on the test set, not the best test value", () => {
    expect(cell.state).toBe("scored");
    expectClose(cell.score, 0.94);
    expect(cell.chosen).toEqual([{ learningRate: 0.1 }]);
    expect(cell.seeds.map(({ seed }) => seed)).toEqual([1, 2]);
    expectClose(cell.paperStyle ?? 0, 0.99);
  });

  it("counts its budget and its statuses", () => {
    expect(cell.configurations).toHaveLength(3);
    expect(cell.tuneSeeds).toBe(1);
    expect(cell.statuses).toEqual({ finished: 5, diverged: 1 });
  });

  it("counts the tuning seeds that every configuration has, while others are still run", () => {
    const begun = makeFile([...file.trials, tune(0.1, 0.97, 0.94, { seed: 101 })]);
    expect(scoreCell(begun, accuracy, facts).tuneSeeds).toBe(1);
    const rest = [0.3, 1].map((rate) => tune(rate, 0.9, 0.9, { seed: 101 }));
    const whole = makeFile([...begun.trials, ...rest]);
    expect(scoreCell(whole, accuracy, facts).tuneSeeds).toBe(2);
  });

  it("gives the best of k by the tuning seed, divergence at chance level", () => {
    expectClose(cell.bestOfK[0] ?? 0, (0.94 + 0.99 + 0.1) / 3);
    expectClose(cell.bestOfK[2] ?? 0, 0.94);
  });
});

describe("divergence and holes", () => {
  it("a diverged report seed enters at chance level and is counted", () => {
    const lost = report(0.1, 3, 0.9, { status: "diverged" });
    const file = makeFile([tune(0.1, 0.9, 0.9), report(0.1, 1, 0.9), report(0.1, 2, 0.9), lost]);
    const cell = scoreCell(file, accuracy, facts);
    expectClose(cell.score, (0.9 + 0.9 + 0.1) / 3);
    expect(cell.diverged).toBe(1);
  });

  it("enters cross-entropy at log(classes)", () => {
    const final = { validationAccuracy: 0.9, testLoss: null };
    const file = makeFile([
      makeTrial({ final: { ...final, testLoss: 0.3 } }),
      makeTrial({ role: "report", seed: 1, final, status: "diverged" }),
    ]);
    expectClose(scoreCell(file, METRICS["test-loss"], facts).score, Math.log(10));
  });

  it("has failed when every configuration diverged", () => {
    const dead = { status: "diverged" as const };
    const file = makeFile([tune(0.1, null, 0.1, dead), tune(0.3, null, 0.1, dead)]);
    const cell = scoreCell(file, accuracy, facts);
    expect(cell.state).toBe("failed");
    expect(cell.chosen).toEqual([]);
  });

  it("ignores report seeds that a machine lost", () => {
    const lost = report(0.1, 2, 0.2, { status: "timed-out" });
    const file = makeFile([tune(0.1, 0.9, 0.9), report(0.1, 1, 0.9), lost]);
    expectClose(scoreCell(file, accuracy, facts).score, 0.9);
  });

  it("is unreported while the choice has no report seed", () => {
    const file = makeFile([tune(0.1, 0.9, 0.9), report(0.3, 1, 0.9)]);
    expect(scoreCell(file, accuracy, facts).state).toBe("unreported");
  });

  it("refuses a seed that counts twice", () => {
    const file = makeFile([tune(0.1, 0.9, 0.9), report(0.1, 1, 0.9), report(0.1, 1, 0.95)]);
    expect(() => scoreCell(file, accuracy, facts)).toThrow(/seed 1 occurs twice/);
  });

  it("scores untuned defaults as one configuration with no tuning seed", () => {
    const cell = scoreCell(makeFile([report(0.1, 1, 0.9), report(0.1, 2, 0.8)]), accuracy, facts);
    expect(cell.tuneSeeds).toBe(0);
    expect(cell.configurations).toHaveLength(1);
    expectClose(cell.score, 0.85);
  });
});

describe("a cross-fitted cell", () => {
  const A = [90, 92, 93, 95, 94];
  const B = [89.5, 91, 93.5, 94, 94.6];
  const crossFitted: TaskFacts = { ...facts, selection: "cross-fitted" };
  const halves = (a: number, b: number) => ({
    halfA: { loss: 1, accuracy: a / 100 },
    halfB: { loss: 1, accuracy: b / 100 },
  });
  const tuned = rates.map((learningRate, index) =>
    makeTrial({ hyperparameters: { learningRate }, final: halves(A[index] ?? 0, B[index] ?? 0) }),
  );
  const run = (learningRate: number, seed: number, a: number, b: number) =>
    makeTrial({ role: "report", seed, hyperparameters: { learningRate }, final: halves(a, b) });

  it("reports B of what A chose and A of what B chose, for every seed", () => {
    const file = makeFile([...tuned, run(0.03, 1, 99, 90), run(0.01, 1, 80, 99)]);
    const cell = scoreCell(file, accuracy, crossFitted);
    expectClose(cell.score, (0.9 + 0.8) / 2);
    expect(cell.chosen).toEqual([{ learningRate: 0.03 }, { learningRate: 0.01 }]);
    expectClose(cell.paperStyle ?? 0, 0.945);
    [0.9384, 0.94165, 0.94].forEach((value, index) => {
      expectClose(cell.bestOfK[[1, 2, 4][index] ?? 0] ?? 0, value);
    });
  });

  it("needs both configurations on a seed", () => {
    const file = makeFile([
      ...tuned,
      run(0.03, 1, 99, 90),
      run(0.03, 2, 99, 90),
      run(0.01, 1, 80, 99),
    ]);
    expect(scoreCell(file, accuracy, crossFitted).seeds.map(({ seed }) => seed)).toEqual([1]);
  });

  it("weighs halves by size", () => {
    const file = makeFile([...tuned, run(0.03, 1, 99, 90), run(0.01, 1, 80, 99)]);
    const weighted = scoreCell(file, accuracy, { ...crossFitted, halves: [1, 3] });
    expectClose(weighted.score, 0.75 * 0.9 + 0.25 * 0.8);
  });
});
