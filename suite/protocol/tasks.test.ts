import { describe, expect, it } from "vitest";
import type { Tier } from "../results/schema.ts";
import { loadOptimizer } from "./registry.ts";
import { loadTasks } from "./tasks.ts";
import { invalidReason } from "./validity.ts";

const tasks = await loadTasks();
const ascending = (sizes: readonly number[]) =>
  sizes.every((size, i) => i === 0 || size > (sizes[i - 1] as number));

it("every task has an id of its own", () => {
  expect(new Set(tasks.map(({ id }) => id)).size).toBe(tasks.length);
});

describe.each(tasks)("task $id", ({ id, tiers }) => {
  it("is named as its folder, and has a tier to try it with and one for boards", () => {
    expect(id).toMatch(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/);
    expect(Object.keys(tiers)).toContain("smoke");
    expect(Object.keys(tiers)).toContain("mini");
  });

  it.each(Object.entries(tiers))("can run each cell of tier %s", (tier, protocol) => {
    const { batchSizes, datasetSizes, datasetAxisBatchSizes, budget } = protocol;
    expect(ascending(batchSizes) && batchSizes.length > 0).toBe(true);
    expect(ascending(datasetSizes) && datasetSizes.length > 0).toBe(true);
    const full = datasetSizes.at(-1) as number;
    for (const size of batchSizes) expect(invalidReason(budget, size, full)).toBeUndefined();
    for (const size of datasetAxisBatchSizes) expect(batchSizes).toContain(size);
    expect(protocol.selection).toBe((tier as Tier) === "paper" ? "cross-fitted" : "validation");
    expect(protocol.evaluations).toBeGreaterThanOrEqual(2);
  });

  it.each(Object.entries(tiers))(
    "replaces only ranges that are there in tier %s",
    async (_, tier) => {
      for (const [optimizer, space] of Object.entries(tier.searchOf ?? {})) {
        const { search } = await loadOptimizer(optimizer);
        for (const name of Object.keys(space)) expect(Object.keys(search)).toContain(name);
      }
    },
  );
});
