/** @file `npm run collect -- DIR`: validates and merges results that jobs brought back. */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { UsageError } from "../protocol/error.ts";
import { loadKnowledge } from "../protocol/knowledge.ts";
import { collect } from "../results/collect.ts";
import { runCommand } from "./run.ts";

const RESULTS = fileURLToPath(new URL("../../results", import.meta.url));

const command = new Command("collect")
  .description("Validate and merge result files that jobs brought back.")
  .argument("<folders...>", "folders laid out as results/ is")
  .option("--root <folder>", "folder to merge into", RESULTS)
  .option("--json", "counts and refusals as JSON")
  .addHelpText("after", "\nExample:\n  npm run collect -- artifacts/shard-1 artifacts/shard-2")
  .action(async (folders: string[], { root, json }: { root: string; json?: boolean }) => {
    const missing = folders.filter((folder) => !existsSync(folder));
    if (missing.length > 0) {
      throw new UsageError(`There is no folder ${missing.join(", ")}.`, "Name folders of results.");
    }
    const knowledge = await loadKnowledge();
    const all = folders.map((folder) => collect(folder, root, knowledge));
    const refused = all.flatMap((one) => one.refused);
    const files = all.reduce((sum, one) => sum + one.files, 0);
    const newTrials = all.reduce((sum, one) => sum + one.newTrials, 0);
    if (json) process.stdout.write(`${JSON.stringify({ files, newTrials, refused })}\n`);
    else {
      for (const { file, field, message } of refused) {
        process.stdout.write(`refused ${file}: ${field}${field && ": "}${message}\n`);
      }
      process.stdout.write(`${files} files, ${newTrials} new trials, ${refused.length} refusals\n`);
    }
    if (refused.length > 0) process.exitCode = 1;
  });

await runCommand(command);
