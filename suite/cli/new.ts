/** @file `npm run new -- optimizer NAME`: the one file of a new optimizer, working, and its test. */
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { OPTIMIZERS } from "../protocol/registry.ts";
import { runCommand } from "./run.ts";
import { scaffoldOptimizer } from "./scaffold-optimizer.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

const command = new Command("npm run new --")
  .description("Write a working example to start from. Nothing else needs to be edited.")
  .addHelpText(
    "after",
    `
Examples:
  npm run new -- optimizer my-method       optimizers/my-method.ts and its test`,
  );

command
  .command("optimizer")
  .argument("<name>", "its id: lower-case letters, digits and single hyphens")
  .description("optimizers/<name>.ts and optimizers/<name>.test.ts")
  .action(async (name: string) => {
    const files = await scaffoldOptimizer(name, OPTIMIZERS);
    for (const file of files) process.stdout.write(`wrote ${file.replace(ROOT, "")}\n`);
    process.stdout.write(
      `\nIt works as it is. Then:\n` +
        `  npm test -- optimizers/${name}                            what every optimizer must do\n` +
        `  npm run bench -- --task mnist-mlp --optimizer ${name},sgd    a minute, beside SGD\n`,
    );
  });

await runCommand(command);
