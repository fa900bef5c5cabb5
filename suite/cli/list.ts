/** @file `bench --list`: what there is to run. */
import { loadOptimizers } from "../protocol/registry.ts";
import { loadTasks } from "../protocol/tasks.ts";
import { TIERS } from "../results/schema.ts";
import { STUDIES } from "../studies/index.ts";
import { textTable } from "./table.ts";

export async function printList(): Promise<void> {
  const tasks = await loadTasks();
  const { optimizers } = await loadOptimizers();
  const taskRows = tasks.flatMap(({ id, tiers, summary }) =>
    TIERS.flatMap((tier) => {
      const protocol = tiers[tier];
      if (!protocol) return [];
      const { amount, unit } = protocol.budget;
      return [[id, tier, protocol.batchSizes.join(" "), `${amount} ${unit}`, summary]];
    }),
  );
  const optimizerRows = optimizers.map(({ id, name, family, summary }) => [
    id,
    name,
    family,
    summary,
  ]);
  const studyRows = STUDIES.map(({ id, paper, task, title }) => [id, paper, task, title]);
  process.stdout.write(
    `${textTable(["task", "tier", "batch sizes", "budget", ""], taskRows)}\n\n` +
      `${textTable(["optimizer", "name", "family", ""], optimizerRows)}\n\n` +
      `${textTable(["study", "in the paper", "task", ""], studyRows)}\n`,
  );
}
