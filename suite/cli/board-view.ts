/** @file A board as text: scores with rank ranges, then where curves cross. */
import type { Board, BoardEntry } from "../analysis/board.ts";
import { formatCount, formatScore } from "../analysis/format.ts";
import { makerWords } from "../analysis/makers.ts";
import { comparePair } from "../analysis/pairs.ts";
import {
  budgetWords,
  crossoverWords,
  edgeWords,
  rankWords,
  STATE_WORDS,
} from "../analysis/words.ts";
import type { FigurePanel } from "../studies/figure.ts";
import { panelChart } from "./chart.ts";
import { textTable } from "./table.ts";

/** The table, a chart of the curves, and one line per pair. */
export function boardText(board: Board, baselines: readonly string[]): string {
  const axis = board.axis === "batch" ? "batch size" : "dataset size";
  const fixed = board.axis === "batch" ? "dataset size" : "batch size";
  const title = `${board.task}, tier ${board.tier}: ${board.metric.name} by ${axis} (${fixed} ${formatCount(board.fixed)})`;
  const header = [axis, ...board.points.map(formatCount)];
  const rows = board.rows.map((row) => [
    row.optimizer,
    ...row.entries.map((entry) => cellText(board, entry)),
  ]);
  const legend =
    "Each score is followed by its rank range [best–worst]; * is tied with the leader.";
  return [
    title,
    "",
    textTable(header, rows),
    legend,
    ...budgetLines(board),
    ...edgeLines(board),
    makerLine(board),
    "",
    panelChart(panelOf(board, axis)),
    "",
    ...crossoverLines(board, baselines),
  ].join("\n");
}

/** The scores as lines. */
function panelOf({ rows, metric }: Board, axis: string): FigurePanel {
  const percent = metric.quantity === "accuracy";
  return {
    title: "",
    x: { label: axis, scale: "log2" },
    y: { label: percent ? `${metric.name} (%)` : metric.name, scale: "linear" },
    series: rows.map(({ optimizer, entries }) => ({
      name: optimizer,
      points: entries.flatMap(({ position, state, cell }) =>
        state === "scored" && cell
          ? [{ x: position, y: percent ? 100 * cell.score : cell.score }]
          : [],
      ),
    })),
  };
}

function cellText(board: Board, entry: BoardEntry): string {
  if (entry.state !== "scored" || !entry.cell)
    return STATE_WORDS[entry.state].word.split(":")[0] as string;
  const score = formatScore(board.metric, entry.cell.score, entry.standardError);
  return `${score} [${rankWords(entry.rank)}]${entry.tied ? "*" : " "}`;
}

/** The tuning budgets, each named once. */
function budgetLines(board: Board): string[] {
  const budgets = board.rows.flatMap(({ entries }) =>
    entries.filter(({ cell }) => cell).map(budgetWords),
  );
  return [`Budget per cell: ${[...new Set(budgets)].join("; ")}.`];
}

/** Whose numbers these are; a sweep's carry the address of their run. */
function makerLine(board: Board): string {
  const optimizers = new Map<string, Set<string>>();
  for (const { optimizer, entries } of board.rows) {
    for (const maker of entries.flatMap(({ cell }) => cell?.makers ?? [])) {
      const words = makerWords(maker);
      optimizers.set(words, (optimizers.get(words) ?? new Set()).add(optimizer));
    }
  }
  const parts = [...optimizers].map(([words, ids]) => `${words} (${[...ids].join(", ")})`);
  return `Made: ${parts.join("; ")}.`;
}

function edgeLines(board: Board): string[] {
  return board.rows.flatMap(({ optimizer, entries }) =>
    entries.flatMap((entry) => {
      const words = edgeWords(entry);
      return words ? [`${optimizer} at ${formatCount(entry.position)}: ${words}`] : [];
    }),
  );
}

function crossoverLines(board: Board, baselines: readonly string[]): string[] {
  const present = new Set(board.rows.map(({ optimizer }) => optimizer));
  const lines = baselines
    .filter((baseline) => present.has(baseline))
    .flatMap((baseline) =>
      [...present]
        .filter((challenger) => !baselines.includes(challenger))
        .flatMap((challenger) => {
          const pair = comparePair(board, challenger, baseline);
          return pair ? [`  ${challenger} over ${baseline}: ${crossoverWords(pair)}`] : [];
        }),
    );
  return lines.length > 0 ? ["Crossover (beyond it the challenger stays ahead):", ...lines] : [];
}
