/** @file Tier `paper` beside the paper's own numbers, cell by cell: the same net on the same data. */
import type { BoardEntry } from "../../../suite/analysis/board.ts";
import { formatCount, formatDifference, formatScore } from "../../../suite/analysis/format.ts";
import type { Metric } from "../../../suite/analysis/metric.ts";
import { budgetWords } from "../../../suite/analysis/words.ts";
import type { FigureSeries } from "../../../suite/studies/figure.ts";
import type { StudyDeclaration } from "../../../suite/studies/study.ts";
import type { TaskBoard } from "../data/boards.ts";
import { paperFigure } from "../data/paper.ts";
import { type Html, html } from "../html.ts";
import { scrollTable } from "./figure.ts";
import { optimizerName } from "./score.ts";

/** Null at other tiers (their nets are smaller), without scores, and where the paper printed no curve. */
export function besidePaper(
  study: StudyDeclaration,
  { tier, slices }: Pick<TaskBoard, "tier" | "slices">,
): Html | null {
  const board = slices[0]?.board;
  const figure = paperFigure(study.id);
  if (tier !== "paper" || !board || figure?.kind !== "lines") return null;
  const published = figure.panels[0]?.series ?? [];
  const rows = board.rows.flatMap(({ optimizer, entries }) =>
    entries.flatMap((entry) =>
      entry.state === "scored" ? [row(optimizer, entry, board.metric, published)] : [],
    ),
  );
  if (rows.length === 0) return null;
  return html`<section id="beside-paper"><h2>Cell by cell beside the paper</h2>${scrollTable(
    `Tier ${tier}, ours and the paper's`,
    html`<thead><tr><th scope="col">method</th><th scope="col">batch size</th><th scope="col" class="text">tried</th><th scope="col">ours</th><th scope="col">ours, paper-style</th><th scope="col">the paper's</th><th scope="col">paper-style minus the paper's</th></tr></thead><tbody>${rows}</tbody>`,
  )}<p class="note">Paper-style, as the paper's numbers: the best on the test set over everything tried, biased upward by the number of tries (the paper's grid has 24). Ours: the mean over report seeds. A dash: the paper has no such point.</p></section>`;
}

function row(
  optimizer: string,
  entry: BoardEntry,
  metric: Metric,
  published: readonly FigureSeries[],
): Html {
  const { cell, position, standardError } = entry;
  const best = cell?.paperStyle ?? Number.NaN;
  const point = published
    .find(({ name }) => name === optimizer)
    ?.points.find(({ x }) => x === position);
  // The paper's figures are in percent, to two decimals.
  const theirs = point ? point.y / 100 : Number.NaN;
  const difference = point ? formatDifference(metric, best - theirs, 0) : "–";
  return html`<tr><th scope="row">${optimizerName(optimizer)}</th><td>${formatCount(position)}</td><td class="text">${budgetWords(entry)}</td><td>${formatScore(metric, cell?.score ?? Number.NaN, standardError)}</td><td>${formatScore(metric, best, 0)}</td><td>${formatScore(metric, theirs, 0)}</td><td>${difference}</td></tr>`;
}
