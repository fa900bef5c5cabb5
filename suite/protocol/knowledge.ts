/** @file What the validator must know, gathered from the declarations. */

import type { Tier } from "../results/schema.ts";
import type { Knowledge } from "../results/validate.ts";
import { loadOptimizers } from "./registry.ts";
import { loadTasks } from "./tasks.ts";
import { invalidReason, updatesOf } from "./validity.ts";

export async function loadKnowledge(): Promise<Knowledge> {
  const tasks = new Map((await loadTasks()).map((task) => [task.id, task]));
  const optimizers = new Map((await loadOptimizers()).optimizers.map((one) => [one.id, one]));
  return {
    task: (id, tier) => {
      const task = tasks.get(id);
      const protocol = task?.tiers[tier as Tier];
      if (!task || !protocol) return undefined;
      const { batchSizes, datasetSizes, checksums, fixed, budget } = protocol;
      return {
        version: task.version,
        batchSizes,
        datasetSizes,
        checksums,
        fixed,
        ...(protocol.hyperparameters && { hyperparameters: protocol.hyperparameters.shape }),
        updates: (batchSize, datasetSize) => updatesOf(budget, batchSize, datasetSize),
        invalidReason: (batchSize, datasetSize) => invalidReason(budget, batchSize, datasetSize),
      };
    },
    optimizer: (id) => {
      const optimizer = optimizers.get(id);
      if (!optimizer) return undefined;
      return {
        version: optimizer.version,
        problem: (hyperparameters, { hyperparameters: own = {} }) => {
          const schema = optimizer.hyperparameters.extend(own);
          const complete = Object.keys(schema.shape);
          const missing = complete.filter((name) => !(name in hyperparameters));
          if (missing.length > 0) return `lacks ${missing.join(", ")}: configurations are complete`;
          const parsed = schema.safeParse(hyperparameters);
          const [issue] = parsed.error?.issues ?? [];
          return issue && `${issue.path.join(".") || "unknown names"}: ${issue.message}`;
        },
      };
    },
  };
}
