import { expect, it } from "vitest";
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

it("refuses more examples than there are, before anything runs", async () => {
  await expect(select(options({ datasetSize: [70_000] }))).rejects.toThrow(
    "--dataset-size was given 70000, but mnist-mlp has 50000 examples at tier mini.",
  );
});
