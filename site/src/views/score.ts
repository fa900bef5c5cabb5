/** @file Small parts that boards share: scores, marks, ranks, statuses. */
import type { Board, BoardEntry } from "../../../suite/analysis/board.ts";
import { formatInterval, formatScore } from "../../../suite/analysis/format.ts";
import { edgeWords, rankWords, STATE_WORDS, STATUS_WORDS } from "../../../suite/analysis/words.ts";
import { STATUSES, type Status } from "../../../suite/results/schema.ts";
import { nameOf, rankOf } from "../data/catalogue.ts";
import { cellLink, optimizerLink } from "../data/links.ts";
import { markerSvg, styleAt } from "../figures/palette.ts";
import { type Html, html, raw } from "../html.ts";

/** The optimizer's mark as in the figures, and its name as a link. */
export function optimizerName(id: string): Html {
  const style = styleAt(rankOf(id));
  return html`<a class="name" href="${optimizerLink(id)}">${glyph(style)}${nameOf(id)}</a>`;
}

function glyph(style: ReturnType<typeof styleAt>): Html {
  return raw(
    `<svg class="glyph" viewBox="0 0 14 14" width="14" height="14" aria-hidden="true"><g class="s c${style.colour}">${markerSvg(style.marker, 7, 7)}</g></svg>`,
  );
}

/** A state's mark and its word. */
export function stateWords(state: BoardEntry["state"]): Html {
  const { mark, word } = STATE_WORDS[state];
  return html`<span class="state ${state.replace(" ", "-")}"><i aria-hidden="true">${mark}</i> ${word.split(":")[0]}</span>`;
}

/** A trial's status: mark and word. */
export function statusWords(status: Status): Html {
  const { mark, word } = STATUS_WORDS[status];
  return html`<span class="state ${status}"><i aria-hidden="true">${mark}</i> ${word}</span>`;
}

/** `26 ✓ finished, 4 ↯ diverged`. */
export function statusCounts(counts: Readonly<Partial<Record<Status, number>>>): Html {
  const parts = STATUSES.filter((status) => counts[status]).map(
    (status, i) => html`${i > 0 ? ", " : ""}${counts[status]} ${statusWords(status)}`,
  );
  return html`${parts}`;
}

/** A cell of the matrix: score, rank range, tie, edge; or the state's word. */
export function matrixCell(board: Board, entry: BoardEntry, estimate: string | null = null): Html {
  const { cell, state, tied, rank } = entry;
  if (state !== "scored" || !cell) {
    const word = stateWords(state);
    return html`<td>${entry.reason ? html`<abbr title="${entry.reason}">${word}</abbr>` : word}${estimate ? html`<small>${estimate}</small>` : null}</td>`;
  }
  const score = formatScore(board.metric, cell.score, entry.standardError);
  const edge = edgeWords(entry);
  const lost =
    cell.diverged > 0
      ? html` <abbr title="${cell.diverged} of ${cell.seeds.length} report seeds diverged">${STATUS_WORDS.diverged.mark}</abbr>`
      : null;
  return html`<td class="${tied ? "tied" : ""}"><a href="${cellLink(cell.cell)}">${score}</a>${lost}${edge ? html` <abbr title="${edge}">⇥</abbr>` : null}<small>${tied ? leadText(board, entry) : `rank ${rankWords(rank)}`}</small></td>`;
}

/** `leads`, `tied 1–3`, or `alone` where nothing else is scored. */
function leadText({ points, rows }: Board, { position, rank }: BoardEntry): string {
  const column = points.indexOf(position);
  const scored = rows.filter(({ entries }) => entries[column]?.state === "scored").length;
  if (scored < 2) return "alone so far";
  return rank?.worst === 1 ? "leads" : `tied ${rankWords(rank)}`;
}

/** The 95% interval of a score. */
export function intervalText(board: Board, entry: BoardEntry): string {
  return formatInterval(board.metric, entry.interval, entry.standardError);
}
