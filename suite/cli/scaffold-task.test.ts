import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type DatasetSource, examplesOf } from "../data/examples.ts";
import { useBackend } from "../engine/index.ts";
import { completeConfiguration } from "../protocol/configuration.ts";
import { type CellPlan, planCells } from "../protocol/plan.ts";
import { loadOptimizer } from "../protocol/registry.ts";
import type { TaskDeclaration, TierProtocol } from "../protocol/task.ts";
import { loadTasks } from "../protocol/tasks.ts";
import { updatesOf } from "../protocol/validity.ts";
import { BOARD_ARM } from "../results/schema.ts";
import { runTrial } from "../train/trial.ts";
import { taskTable } from "./list.ts";
import { scaffoldTask } from "./scaffold-task.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** As many digits as MNIST has, without the net: each class lights rows of its own. */
function madeDigits(count: number) {
  const pixels = new Uint8Array(count * 784);
  const labels = Uint8Array.from({ length: count }, (_, i) => i % 10);
  labels.forEach((label, i) => {
    const start = i * 784 + 2 * label * 28;
    pixels.fill(200, start, start + 56);
  });
  return examplesOf(pixels, labels, { shape: [28, 28, 1], classes: 10 });
}

vi.mock("../data/source/mnist.ts", () => ({
  MNIST_CHECKSUM: "a".repeat(64),
  loadMnist: async (): Promise<DatasetSource> => ({
    name: "MNIST",
    checksum: "a".repeat(64),
    train: madeDigits(60_000),
    test: madeDigits(10_000),
  }),
}));

describe("scaffoldTask", () => {
  let folder: string;
  // At the root: the files import ../../suite.
  beforeEach(() => {
    folder = mkdtempSync(join(ROOT, ".scaffold-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it("writes one folder that is listed and whose smoke trial learns", async () => {
    const files = await scaffoldTask("my-task", folder);
    expect(files.map((file) => file.slice(folder.length + 1))).toEqual([
      "my-task/index.ts",
      "my-task/model.ts",
      "my-task/model.test.ts",
    ]);
    expect(readFileSync(files[2] as string, "utf8")).toContain('from "./model.ts"');

    const [task, ...others] = (await loadTasks(folder)) as [TaskDeclaration];
    expect(others).toEqual([]);
    expect(taskTable([task], [])).toMatch(/my-task +mini[\s\S]*my-task +smoke/);

    const sgd = await loadOptimizer("sgd");
    const protocol = task.tiers.smoke as TierProtocol;
    const [plan] = planCells({
      task,
      tier: "smoke",
      arm: BOARD_ARM,
      optimizers: [sgd],
      configurations: (_, sizes) => [completeConfiguration(sgd, protocol, sizes)],
      batchSizes: [256],
      datasetSizes: protocol.datasetSizes,
      reportSeeds: [1],
    }) as [CellPlan];
    expect(plan.invalid).toBeUndefined();
    const { batchSize, datasetSize } = plan.cell;
    await useBackend({ threads: 1 });
    const data = await protocol.load({});
    const outcome = await runTrial({
      protocol,
      data,
      optimizer: sgd,
      build: (builder, values) => protocol.build(builder, values, data),
      hyperparameters: plan.configurations[0] ?? {},
      batchSize,
      datasetSize,
      steps: updatesOf(protocol.budget, batchSize, datasetSize),
      seed: 1,
    });
    expect(outcome.status).toBe("finished");
    expect(outcome.evaluations.validationAccuracy?.[0]).toBeLessThan(0.5);
    expect(outcome.final.testAccuracy).toBe(1);
  });

  it("never overwrites, and takes no id twice", async () => {
    await scaffoldTask("mine", folder);
    await expect(scaffoldTask("mine", folder)).rejects.toThrow('a task "mine" already');
    mkdirSync(join(folder, "other"));
    await expect(scaffoldTask("other", folder)).rejects.toThrow("already");
  });

  it.each(["Mine", "my_task", "2fast", "a--b", "../up", ""])(
    "refuses the name %o",
    async (name) => {
      await expect(scaffoldTask(name, folder)).rejects.toThrow("cannot be a task's name");
    },
  );

  it("finds an export name where JavaScript reserves the id", async () => {
    const [index] = await scaffoldTask("new", folder);
    expect(readFileSync(index as string, "utf8")).toContain("export const newTask =");
    expect((await loadTasks(folder)).map(({ id }) => id)).toEqual(["new"]);
  });
});
