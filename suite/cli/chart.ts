/** @file Curves of a board as a small chart of characters. */
import type { Board } from "../analysis/board.ts";
import { formatCount, formatScore } from "../analysis/format.ts";

const HEIGHT = 12;
const STEP = 9;

/** One letter per optimizer, one column per point; where several meet, `+`. */
export function curveChart(board: Board): string {
  const letters = board.rows.map((_, i) => String.fromCharCode(97 + i));
  const scores = board.rows.map(({ entries }) =>
    entries.map(({ cell, state }) => (cell && state === "scored" ? cell.score : Number.NaN)),
  );
  const finite = scores.flat().filter(Number.isFinite);
  if (finite.length === 0) return "No cell has a score yet.";
  const low = Math.min(...finite);
  const high = Math.max(...finite);
  const rowOf = (value: number) =>
    high === low ? 0 : Math.round(((high - value) / (high - low)) * (HEIGHT - 1));
  const grid = Array.from({ length: HEIGHT }, () => Array(board.points.length * STEP).fill(" "));
  scores.forEach((row, i) => {
    row.forEach((value, j) => {
      if (!Number.isFinite(value)) return;
      const line = grid[rowOf(value)] as string[];
      const at = j * STEP + 4;
      line[at] = line[at] === " " ? (letters[i] as string) : "+";
    });
  });
  const label = (row: number) => {
    if (row !== 0 && row !== HEIGHT - 1) return "";
    return formatScore(board.metric, row === 0 ? high : low);
  };
  const width = Math.max(label(0).length, label(HEIGHT - 1).length);
  const body = grid.map((line, row) => `${label(row).padStart(width)} │${line.join("").trimEnd()}`);
  const axis = `${" ".repeat(width)} └${"─".repeat(board.points.length * STEP)}`;
  const ticks = board.points.map((point) => formatCount(point).padStart(5).padEnd(STEP)).join("");
  const legend = board.rows.map(({ optimizer }, i) => `${letters[i]} ${optimizer}`).join("   ");
  return [...body, axis, `${" ".repeat(width)}  ${ticks}`, legend].join("\n");
}
