import { expect, it } from "vitest";
import { TIERS } from "../results/schema.ts";
import { STUDIES } from "../studies/index.ts";
import { type SelectionOptions, select } from "./selection.ts";

const options = (given: Partial<SelectionOptions>): SelectionOptions => ({
  task: "mnist-mlp",
  tier: "mini",
  optimizer: ["sgd"],
  backend: "onnxruntime",
  device: "cpu",
  ...given,
});
const armsOf = async (given: Partial<SelectionOptions>) =>
  new Set((await select(options(given))).plans.map(({ arm }) => arm));

it("plans for boards on the tier's own sizes, and at tier smoke", async () => {
  expect(await armsOf({})).toEqual(new Set(["board"]));
  expect(await armsOf({ batchSize: [64], datasetSize: [1000] })).toEqual(new Set(["board"]));
  expect(await armsOf({ tier: "smoke", batchSize: [100] })).toEqual(new Set(["board"]));
});

it("explores sizes that no board has", async () => {
  expect(await armsOf({ batchSize: [64, 100] })).toEqual(new Set(["explore"]));
  expect(await armsOf({ datasetSize: [1234] })).toEqual(new Set(["explore"]));
});

it("explores the variants that repeat the defects of the paper's library", async () => {
  const given = { optimizer: ["seng"], batchSize: [64] };
  expect(await armsOf({ ...given, set: { variant: "asdl" } })).toEqual(new Set(["explore"]));
  expect(await armsOf({ ...given, set: { variant: "corrected" } })).toEqual(new Set(["board"]));
});

it("explores what a task fixes for everybody", async () => {
  expect(await armsOf({ set: { clipNorm: 1000 } })).toEqual(new Set(["explore"]));
  expect(await armsOf({ set: { clipNorm: 10, learningRate: 0.1 } })).toEqual(new Set(["board"]));
});

it("searches all but what is set, to explore", async () => {
  const given = { optimizer: ["kfac"], batchSize: [64], tune: 3, set: { damping: 0.01 } };
  const [plan] = (await select(options(given))).plans;
  expect(plan?.arm).toBe("explore");
  expect(plan?.configurations.map(({ damping }) => damping)).toEqual([0.01, 0.01, 0.01]);
  expect(new Set(plan?.configurations.map(({ learningRate }) => learningRate)).size).toBe(3);
});

it("refuses more examples than there are, before anything runs", async () => {
  await expect(select(options({ datasetSize: [70_000] }))).rejects.toThrow(
    "--dataset-size was given 70000, but mnist-mlp has 50000 examples at tier mini.",
  );
});

it("chooses some of a study's cells by optimizer and size", async () => {
  const study = { task: undefined, study: "fig2" } as const;
  const { plans } = await select(
    options({ ...study, optimizer: ["adamw", "kfac"], datasetSize: [20_000] }),
  );
  expect(plans.map(({ cell: { optimizer, datasetSize } }) => [optimizer, datasetSize])).toEqual([
    ["adamw", 20_000],
    ["kfac", 20_000],
  ]);
  const whole = await select(options({ ...study, optimizer: undefined }));
  expect(whole.plans).toHaveLength(16);
});

it("refuses what a study does not have, and what it decides itself", async () => {
  const study = { task: undefined, study: "fig2" } as const;
  await expect(select(options({ ...study, optimizer: ["lion"] }))).rejects.toThrow(
    "--optimizer was given lion, which fig2 does not have.",
  );
  await expect(select(options({ ...study, tune: true, seeds: 2 }))).rejects.toThrow(
    "--study was given with --tune, --seeds: a study has its own.",
  );
});

it("refuses a cell that no result file has room for, before anything runs", async () => {
  await expect(select(options({ tune: 500, seeds: 3 }))).rejects.toThrow(
    "A cell would have 503 trials; its result file has room for about 174.",
  );
});

it.each(STUDIES.map(({ id }) => id))("has room for %s at every tier", async (study) => {
  for (const tier of TIERS) {
    const { plans } = await select({ tier, study, backend: "onnxruntime", device: "cpu" });
    expect(plans).not.toHaveLength(0);
  }
});
