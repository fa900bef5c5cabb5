/** @file `npm run new`: a working optimizer or task to start from, and its test. */
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { OPTIMIZERS } from "../protocol/registry.ts";
import { TASKS } from "../protocol/tasks.ts";
import { runCommand } from "./run.ts";
import { scaffoldOptimizer } from "./scaffold-optimizer.ts";
import { scaffoldTask } from "./scaffold-task.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const NAME = "its id: lower-case letters, digits and single hyphens";

const command = new Command("npm run new --")
  .description("Write a working example to start from. Nothing else needs to be edited.")
  .addHelpText(
    "after",
    `
Examples:
  npm run new -- optimizer my-method       optimizers/my-method.ts and its test: SGD with an average
  npm test -- optimizers/my-method         what every optimizer must do
  npm run bench -- --task mnist-mlp --optimizer my-method,sgd

  npm run new -- task my-task              tasks/my-task/: data, model, protocol and a test, on MNIST
  npm test -- tasks/my-task
  npm run bench -- --task my-task

CONTRIBUTING.md goes through both.`,
  );

command
  .command("optimizer")
  .argument("<name>", NAME)
  .description("optimizers/<name>.ts and optimizers/<name>.test.ts")
  .action(async (name: string) => {
    wrote(await scaffoldOptimizer(name, OPTIMIZERS), [
      [`npm test -- optimizers/${name}`, "what every optimizer must do"],
      [`npm run bench -- --task mnist-mlp --optimizer ${name},sgd`, "a minute, beside SGD"],
    ]);
  });

command
  .command("task")
  .argument("<name>", NAME)
  .description("tasks/<name>/: index.ts (data and protocol), model.ts and model.test.ts")
  .action(async (name: string) => {
    wrote(await scaffoldTask(name, TASKS), [
      [
        `npm test -- tasks/${name} suite/protocol/tasks`,
        "its model, and what every task must hold",
      ],
      [`npm run bench -- --task ${name}`, "a minute, four optimizers"],
    ]);
  });

function wrote(files: readonly string[], next: readonly (readonly [string, string])[]): void {
  for (const file of files) process.stdout.write(`wrote ${file.replace(ROOT, "")}\n`);
  const width = Math.max(...next.map(([line]) => line.length));
  const lines = next.map(([line, what]) => `  ${line.padEnd(width)}    ${what}`);
  process.stdout.write(`\nIt works as it is. Then:\n${lines.join("\n")}\n`);
}

await runCommand(command);
