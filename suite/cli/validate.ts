/** @file `npm run validate`: checks every result file, or the ones named. */
import { lstatSync, readFileSync } from "node:fs";
import { relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { UsageError } from "../protocol/error.ts";
import { loadKnowledge } from "../protocol/knowledge.ts";
import { listCellFiles } from "../results/store.ts";
import { type Finding, validateText } from "../results/validate.ts";
import { runCommand } from "./run.ts";

const RESULTS = fileURLToPath(new URL("../../results", import.meta.url));

const command = new Command("validate")
  .description("Check result files: shape, keys, seeds, curves, checksums, place.")
  .argument("[files...]", "result files; default: all below results/")
  .option("--root <folder>", "folder that the files lie below", RESULTS)
  .option("--json", "one JSON line per finding")
  .addHelpText(
    "after",
    `
Examples:
  npm run validate
  npm run validate -- results/mini/mnist-mlp/board/kfac/b1024-n50000.onnxruntime-cpu-amd-epyc-t1.json
  npm run validate -- --root .crossover/results`,
  )
  .action(async (named: string[], { root, json }: { root: string; json?: boolean }) => {
    const files = named.length > 0 ? named : listCellFiles(root);
    const knowledge = await loadKnowledge();
    const findings = files.flatMap((file) => check(file, resolve(root), knowledge));
    for (const finding of findings) {
      process.stdout.write(
        json
          ? `${JSON.stringify(finding)}\n`
          : `${finding.file}: ${finding.field}${finding.field && ": "}${finding.message}\n`,
      );
    }
    if (!json) process.stdout.write(`${files.length} files, ${findings.length} findings\n`);
    if (findings.length > 0) process.exitCode = 1;
  });

function check(
  file: string,
  root: string,
  knowledge: Awaited<ReturnType<typeof loadKnowledge>>,
): Finding[] {
  let text: string;
  try {
    if (lstatSync(file).isSymbolicLink()) {
      return [{ file, field: "", message: "a symbolic link; result files are plain files" }];
    }
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw new UsageError(
      `${file} cannot be read: ${(error as Error).message}`,
      "Name result files, or none to check all below results/.",
    );
  }
  return validateText(file, text, knowledge, relative(root, resolve(file)));
}

await runCommand(command);
