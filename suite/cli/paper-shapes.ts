/**
 * @file `npm run check:paper-shapes`: two updates of each task at the paper's exact shape, on made
 * data. The first batch's loss must be that of guessing, ln(classes). Each task runs in a process of
 * its own, so that its peak of memory is its own.
 */
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { lastJson, runNode } from "../engine/child.ts";
import { useBackend } from "../engine/index.ts";
import {
  PAPER_SHAPES,
  type PaperShapeResult,
  runPaperShape,
} from "../launch/testing/paper-shapes.ts";
import { unknownName } from "../protocol/error.ts";
import { loadOptimizer } from "../protocol/registry.ts";
import { loadTask } from "../protocol/tasks.ts";
import { names, positiveInteger } from "./options.ts";
import { runCommand } from "./run.ts";
import { textTable } from "./table.ts";

const SELF = fileURLToPath(import.meta.url);
const LIMIT_SECONDS = 7200;

interface Options {
  task?: string[];
  optimizer: string;
  microBatch?: number;
  threads: number;
  json?: boolean;
}

const command = new Command("check:paper-shapes")
  .description("Two updates of each task at the paper's shape; the first loss must be ln(classes).")
  .option("--task <ids>", "default: all", names)
  .option("--optimizer <id>", "method", "sgd")
  .option(
    "--micro-batch <examples>",
    "smaller ones need less memory",
    positiveInteger("--micro-batch"),
  )
  .option(
    "--threads <count>",
    "of the engine",
    positiveInteger("--threads"),
    availableParallelism(),
  )
  .option("--json", "one line per task")
  .addHelpText(
    "after",
    `
Examples:
  npm run check:paper-shapes
  npm run check:paper-shapes -- --task cifar-resnet18,cifar-vit-tiny --optimizer kfac
  npm run check:paper-shapes -- --task openwebtext-gpt2 --micro-batch 1

Takes minutes and gigabytes: openwebtext-gpt2 is GPT-2 with 124 million parameters at 1024 tokens.`,
  )
  .action(async (options: Options) => {
    const { task = PAPER_SHAPES.map((one) => one.task) } = options;
    if (task.length === 1 && options.json)
      process.stdout.write(`${JSON.stringify(await one(task[0] as string, options))}\n`);
    else await each(task, options);
  });

async function one(id: string, options: Options): Promise<PaperShapeResult> {
  const shape = PAPER_SHAPES.find(({ task }) => task === id);
  if (!shape)
    throw unknownName(
      "checked task",
      id,
      PAPER_SHAPES.map(({ task }) => task),
    );
  const [task, optimizer] = [await loadTask(id), await loadOptimizer(options.optimizer)];
  await useBackend({ threads: options.threads, spinning: true });
  return runPaperShape(shape, {
    task,
    optimizer,
    ...(options.microBatch && { microBatch: options.microBatch }),
  });
}

async function each(tasks: readonly string[], options: Options): Promise<void> {
  const results: PaperShapeResult[] = [];
  for (const task of tasks) {
    process.stderr.write(`${task} ...\n`);
    const given = [
      "--task",
      task,
      "--optimizer",
      options.optimizer,
      "--threads",
      `${options.threads}`,
    ];
    if (options.microBatch) given.push("--micro-batch", `${options.microBatch}`);
    const { output, failure } = await runNode(["--import", "tsx", SELF, ...given, "--json"], {
      seconds: LIMIT_SECONDS,
    });
    const result = lastJson<PaperShapeResult>(output);
    if (!result) throw new Error(`${task}: its process ${failure ?? "printed no result"}`);
    if (options.json) process.stdout.write(`${JSON.stringify(result)}\n`);
    results.push(result);
  }
  if (!options.json) process.stdout.write(`${resultsText(results)}\n`);
  const wrong = results.filter(({ asExpected }) => !asExpected).map(({ task }) => task);
  if (wrong.length > 0)
    throw new Error(`The first loss is not that of guessing: ${wrong.join(", ")}.`);
}

function resultsText(results: readonly PaperShapeResult[]): string {
  const rows = results.map((one) => [
    one.task,
    one.parameters.toLocaleString("en"),
    one.microBatch < one.batchSize ? `${one.batchSize} in ${one.microBatch}s` : `${one.batchSize}`,
    (one.flopsPerStep / 1e9).toFixed(0),
    one.seconds.map((time) => time.toFixed(1)).join(", "),
    (one.peakBytes / 1e9).toFixed(2),
    one.firstLoss.toFixed(3),
    one.guessingLoss.toFixed(3),
    one.asExpected ? "as expected" : "wrong",
    one.note,
  ]);
  const header = [
    "task",
    "parameters",
    "batch",
    "GFLOP a step",
    "seconds",
    "peak GB",
    "first loss",
    "ln classes",
    "",
    "",
  ];
  return textTable(header, rows);
}

await runCommand(command);
