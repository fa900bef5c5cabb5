/** @file `npm run golden`: records what each version computes, and refuses to rewrite history. */
import { readFileSync, writeFileSync } from "node:fs";
import { Command } from "commander";
import { useBackend } from "../engine/index.ts";
import { type Golden, type GoldenFile, goldenIssue, toSixDigits } from "../optimizer/golden.ts";
import { optimizerFingerprint } from "../optimizer/testing/fingerprint.ts";
import { loadOptimizers } from "../protocol/registry.ts";
import { runCommand } from "./run.ts";

const FILE = new URL("../optimizer/golden.json", import.meta.url);

const command = new Command("golden")
  .description(
    "Record the numbers that guard optimizers' versions. Fails where they changed and the version did not.",
  )
  .addHelpText(
    "after",
    "\nExamples:\n  npm run golden      after adding an optimizer or raising a version",
  )
  .action(record);

async function record(): Promise<void> {
  await useBackend({ backend: "reference" });
  const file: GoldenFile = JSON.parse(readFileSync(FILE, "utf8"));
  const { optimizers } = await loadOptimizers();
  const recorded: Record<string, Golden> = {};
  for (const declaration of optimizers) {
    const { id, version } = declaration;
    const old = file.optimizers[id];
    const numbers = toSixDigits(optimizerFingerprint(declaration));
    const issue = goldenIssue(`Optimizer "${id}"`, { version, numbers }, old);
    if (old?.version === version && issue) throw new Error(issue);
    const kept = old?.version === version;
    recorded[id] = kept ? old : { version, numbers };
    process.stdout.write(`${id} version ${version}: ${kept ? "as recorded" : "recorded"}\n`);
  }
  writeFileSync(FILE, format({ ...file, optimizers: recorded }));
}

/** As the formatter of this repository would. */
function format(file: GoldenFile): string {
  const section = (goldens: Readonly<Record<string, Golden>>) => {
    const entries = Object.entries(goldens).sort(([a], [b]) => (a < b ? -1 : 1));
    const texts = entries.map(
      ([id, { version, numbers }]) =>
        `    ${JSON.stringify(id)}: {\n      "version": ${version},\n` +
        `      "numbers": [${numbers.join(", ")}]\n    }`,
    );
    return texts.length > 0 ? `{\n${texts.join(",\n")}\n  }` : "{}";
  };
  return `{\n  "optimizers": ${section(file.optimizers)},\n  "tasks": ${section(file.tasks)}\n}\n`;
}

await runCommand(command);
