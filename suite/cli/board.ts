/** @file `npm run board`: leaderboards, crossovers and answers from committed results. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Command, Option } from "commander";
import { answerAt } from "../analysis/answer.ts";
import { answerSentences } from "../analysis/answer-words.ts";
import { type Board, buildBoard } from "../analysis/board.ts";
import type { Axis } from "../analysis/crossover.ts";
import { METRICS, type MetricId, primaryMetric } from "../analysis/metric.ts";
import { scoreCells } from "../analysis/score-cells.ts";
import { UsageError } from "../protocol/error.ts";
import { factsOf } from "../protocol/facts.ts";
import { loadTask } from "../protocol/tasks.ts";
import { TIERS, type Tier } from "../results/schema.ts";
import { listCellFiles, readCellFile } from "../results/store.ts";
import { boardText } from "./board-view.ts";
import { names, positiveIntegers } from "./options.ts";
import { runCommand } from "./run.ts";
import { BASELINES } from "./summary.ts";

const RESULTS = fileURLToPath(new URL("../../results", import.meta.url));

interface BoardCommandOptions {
  task: string;
  tier: Tier;
  versus?: string[];
  metric?: MetricId;
  axis: Axis;
  at?: number[];
  root: string;
  json?: boolean;
  csv?: boolean;
}

const command = new Command("board")
  .description("The leaderboard of a task, where curves cross, and the answer for your own sizes.")
  .requiredOption("--task <id>", "task")
  .addOption(new Option("--tier <tier>").choices(TIERS).default("mini"))
  .option("--versus <ids>", "baselines that the others are compared with", names)
  .addOption(
    new Option("--metric <metric>", "default: the task's own").choices(Object.keys(METRICS)),
  )
  .addOption(new Option("--axis <axis>").choices(["batch", "dataset"]).default("batch"))
  .option("--at <batch,dataset>", "the answer for these sizes", positiveIntegers("--at"))
  .option("--root <folder>", "folder of result files", RESULTS)
  .option("--json", "the board as JSON")
  .option("--csv", "one line per cell")
  .addHelpText(
    "after",
    `
Examples:
  npm run board -- --task mnist-mlp
  npm run board -- --task mnist-mlp --versus adamw --axis dataset
  npm run board -- --task mnist-mlp --at 2048,50000
  npm run board -- --task mnist-mlp --tier smoke --root .crossover/results`,
  )
  .action(async (options: BoardCommandOptions) => {
    const task = await loadTask(options.task);
    const { tier, axis, metric } = options;
    const files = listCellFiles(join(options.root, tier, task.id)).map(readCellFile);
    const scoring = { tier, task: task.id, facts: factsOf(task, tier), ...(metric && { metric }) };
    if (options.at) {
      const [batchSize, datasetSize] = options.at;
      if (batchSize === undefined || datasetSize === undefined) {
        throw new UsageError(`--at was given "${options.at}".`, "It takes both: --at 2048,50000");
      }
      const request = {
        batchSize,
        datasetSize,
        versus: options.versus?.[0] ?? "adamw",
        metric: metric ? METRICS[metric] : primaryMetric(scoring.facts),
      };
      const answer = answerAt(scoreCells(files, scoring), request);
      const text = options.json
        ? JSON.stringify(answer, null, 1)
        : answerSentences(answer, request).join("\n");
      process.stdout.write(`${text}\n`);
      return;
    }
    const board = buildBoard(files, { ...scoring, axis });
    if (!board) {
      throw new UsageError(
        `There are no board results of ${task.id} at tier ${tier} below ${options.root}.`,
        `Make them: npm run bench -- --task ${task.id} --tier ${tier} --tune`,
      );
    }
    if (options.json) process.stdout.write(`${JSON.stringify(board, null, 1)}\n`);
    else if (options.csv) process.stdout.write(boardCsv(board));
    else process.stdout.write(`${boardText(board, options.versus ?? BASELINES)}\n`);
  });

/** `optimizer,size,state,score,low,high,rank best,rank worst,tied` */
function boardCsv({ rows }: Board): string {
  const lines = rows.flatMap(({ optimizer, entries }) =>
    entries.map(({ position, state, cell, interval, rank, tied }) =>
      [
        optimizer,
        position,
        state,
        state === "scored" ? cell?.score : "",
        interval?.low ?? "",
        interval?.high ?? "",
        rank?.best ?? "",
        rank?.worst ?? "",
        tied,
      ].join(","),
    ),
  );
  return `optimizer,position,state,score,low,high,rank_best,rank_worst,tied\n${lines.join("\n")}\n`;
}

await runCommand(command);
