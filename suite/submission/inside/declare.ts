/**
 * @file Runs in the sandbox: says what the submitted file declares, and which of the configurations
 * in `/input/configurations.json` it accepts. Untrusted data for the process outside.
 */
import { readFileSync, writeFileSync } from "node:fs";
import type { z } from "zod";
import { isOptimizerDeclaration } from "../../optimizer/declaration.ts";
import { completeConfiguration } from "../../protocol/configuration.ts";
import { loadTasks } from "../../protocol/tasks.ts";
import type { ConfigurationQuestion, Declared } from "../declared.ts";

const [name, questionsFile, output] = process.argv.slice(2) as [string, string, string];
const exported = (await import(`../../../optimizers/${name}.ts`)) as Record<string, unknown>;
const declarations = Object.values(exported).filter(isOptimizerDeclaration);
const tasks = new Map((await loadTasks()).map((task) => [task.id, task]));
const questions = JSON.parse(readFileSync(questionsFile, "utf8")) as ConfigurationQuestion[];

const declared: Declared = {
  optimizers: declarations.map(({ id, name: title, family, version, citation }) => ({
    id,
    name: title,
    family,
    version,
    paper: citation.url,
  })),
  problems: questions.map(({ optimizer, task, tier, hyperparameters }) => {
    const declaration = declarations.find(({ id }) => id === optimizer);
    if (!declaration) return `optimizers/${name}.ts declares no optimizer "${optimizer}"`;
    const own = tasks.get(task)?.tiers[tier]?.hyperparameters?.shape ?? {};
    const schema: z.ZodObject = declaration.hyperparameters.extend(own);
    const missing = Object.keys(schema.shape).filter((key) => !(key in hyperparameters));
    if (missing.length > 0) return `lacks ${missing.join(", ")}: configurations are complete`;
    const [issue] = schema.safeParse(hyperparameters).error?.issues ?? [];
    return issue ? `${issue.path.join(".") || "unknown names"}: ${issue.message}` : null;
  }),
  defaults: declarations.flatMap((declaration) =>
    [...tasks.values()].flatMap((task) => {
      const protocol = task.tiers.smoke;
      if (!protocol) return [];
      const sizes = {
        batchSize: protocol.batchSizes[0] as number,
        datasetSize: protocol.datasetSizes.at(-1) as number,
      };
      const hyperparameters = completeConfiguration(declaration, protocol, sizes);
      return [{ optimizer: declaration.id, task: task.id, hyperparameters }];
    }),
  ),
};
writeFileSync(`${output}/declared.json`, JSON.stringify(declared));
