import { describe, expect, it } from "vitest";
import { mnistMlp } from "../../tasks/mnist-mlp/index.ts";
import { type SyntheticOptimizer, syntheticFacts, syntheticFiles } from "../analysis/synthetic.ts";
import { loadOptimizers } from "../protocol/registry.ts";
import { loadTask } from "../protocol/tasks.ts";
import { STUDIES } from "./index.ts";
import { paperFamilies, studyFiles, verdictsOf } from "./verdicts.ts";

const families = paperFamilies((await loadOptimizers()).optimizers);
const facts = syntheticFacts();
const studyOf = (id: string) => {
  const found = STUDIES.find((one) => one.id === id);
  if (!found) throw new Error(`no study ${id}`);
  return found;
};

/** AdamW is level with SGD; the others lead more and more, from batch 64 on. */
const leading = (perDoubling: number): SyntheticOptimizer[] => [
  { id: "sgd" },
  { id: "adamw" },
  ...families.secondOrder.map((id) => ({ id, lead: { from: 64, perDoubling } })),
];

describe("the paper's families", () => {
  it("are its methods alone", () => {
    expect(families.firstOrder).toEqual(["sgd", "adamw"]);
    expect(families.secondOrder).toEqual("kfac,kfac-local,foof,shampoo,psgd,kbfgs,seng".split(","));
  });
});

describe("a study's claims", () => {
  it.each(STUDIES.map(({ id }) => id))("%s: not enough data where nothing was run", async (id) => {
    const study = studyOf(id);
    const task = await loadTask(study.task);
    const verdicts = verdictsOf(study, { task, tier: "mini", facts, files: [] }, families);
    expect(verdicts.map((one) => one.id)).toEqual(study.claims);
    for (const { verdict, missing } of verdicts) {
      expect(verdict).toBe("not enough data");
      expect(missing).toEqual(["every cell of the study"]);
    }
  });

  it.each([
    ["lead", 0.003, "supported"],
    ["trail", -0.003, "not supported"],
  ])("large batches, where all second-order methods %s", (_, perDoubling, verdict) => {
    const files = syntheticFiles({ optimizers: leading(perDoubling) });
    const results = { task: mnistMlp, tier: "mini", facts, files } as const;
    const [large, grows] = verdictsOf(studyOf("fig1-mlp"), results, families);
    expect(large).toMatchObject({ id: "large-batch", verdict });
    expect(grows).toMatchObject({ id: "gap-grows", verdict });
  });

  it("read the study's own arm and methods", () => {
    const board = syntheticFiles({ optimizers: leading(0.003) });
    const grid = board.map((file) => ({ ...file, arm: "fig4" }));
    const results = { task: mnistMlp, tier: "mini", files: [...board, ...grid] } as const;
    const used = studyFiles(studyOf("fig4"), results);
    expect(new Set(used.map(({ arm }) => arm))).toEqual(new Set(["fig4"]));
    expect(new Set(used.map(({ cell }) => cell.optimizer))).toEqual(
      new Set(["kfac", "foof", "shampoo"]),
    );
  });
});
