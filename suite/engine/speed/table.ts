/** @file Timings as a table. */
import type { Case } from "./cases.ts";

export interface Row {
  readonly case: Case;
  /** Milliseconds of every timed step, by contestant. */
  readonly milliseconds: Readonly<Record<string, readonly number[]>>;
  readonly flops?: number;
}

export const minimum = (values: readonly number[]) => Math.min(...values);

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] as number;
}

/** One row for each case: ours, its rate, and its ratio to every other contestant. */
export function table(rows: readonly Row[], others: readonly string[], peak: number): string {
  const header = ["case", "ms min", "median", "n", "GFLOP/s", "of peak"];
  const cells = rows.map((row) => cellsOf(row, others, peak));
  return aligned([[...header, ...others.map((key) => `x ${key}`)], ...cells]);
}

function cellsOf(
  { case: item, milliseconds, flops }: Row,
  others: readonly string[],
  peak: number,
) {
  const ours = milliseconds.onnxruntime ?? [];
  const best = minimum(ours);
  const rate = flops === undefined ? Number.NaN : flops / best / 1e6;
  const ratios = others.map((key) => {
    const other = milliseconds[key];
    if (!other?.length) return "";
    const ratio = best / minimum(other);
    const wanted = item.wanted?.[key];
    const verdict = wanted === undefined ? "" : ratio <= wanted ? " ok" : ` (wanted ${wanted})`;
    return `${ratio.toFixed(2)}${verdict} [${digits(minimum(other))}]`;
  });
  return [
    item.name,
    digits(best),
    digits(median(ours)),
    String(ours.length),
    Number.isNaN(rate) ? "" : rate.toFixed(0),
    Number.isNaN(rate) ? "" : `${((100 * rate) / peak).toFixed(0)}%`,
    ...ratios,
  ];
}

function digits(milliseconds: number): string {
  return milliseconds.toFixed(milliseconds < 1 ? 3 : milliseconds < 100 ? 2 : 0);
}

function aligned(lines: readonly (readonly string[])[]): string {
  const widths = (lines[0] ?? []).map((_, column) => {
    return Math.max(...lines.map((line) => line[column]?.length ?? 0));
  });
  return lines
    .map((line) => line.map((cell, i) => pad(cell, i, widths[i] ?? 0)).join("  "))
    .join("\n");
}

const pad = (cell: string, column: number, width: number) =>
  column === 0 ? cell.padEnd(width) : cell.padStart(width);
