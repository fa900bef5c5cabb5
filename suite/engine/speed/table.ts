/** @file Timings as a table. */
import type { Case } from "./cases.ts";
import type { Refusal } from "./protocol.ts";

export interface Row {
  readonly case: Case;
  /** Milliseconds of every timed step, by contestant. */
  readonly milliseconds: Readonly<Record<string, readonly number[]>>;
  /** Why a contestant has none. */
  readonly refusals: Readonly<Record<string, Refusal>>;
  readonly flops?: number;
}

export const minimum = (values: readonly number[]) => Math.min(...values);

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] as number;
}

const ABSENT = "—";
const FAILED = "failed";

/**
 * One row for each case: ours, its rate, and its ratio to every other contestant. Where there is no
 * ratio a dash says that the contestant has no such case, and `failed` that `notes` say why.
 */
export function table(rows: readonly Row[], others: readonly string[], peak: number): string {
  const header = ["case", "ms min", "median", "n", "GFLOP/s", "of peak"];
  const cells = rows.map((row) => [
    ...ownCells(row, peak),
    ...others.map((key) => ratio(row, key)),
  ]);
  return aligned([[...header, ...others.map((key) => `x ${key}`)], ...cells]);
}

/** What failed, a line each. */
export function notes(rows: readonly Row[]): string[] {
  return rows.flatMap(({ case: { name }, refusals }) =>
    Object.entries(refusals).flatMap(([key, refusal]) =>
      "error" in refusal ? [`${FAILED}: ${key}, ${name}: ${refusal.error}`] : [],
    ),
  );
}

function ownCells({ case: { name }, milliseconds, flops }: Row, peak: number): string[] {
  const ours = milliseconds.onnxruntime;
  if (ours === undefined) return [name, FAILED, "", "", "", ""];
  const best = minimum(ours);
  const rate = flops === undefined ? undefined : flops / best / 1e6;
  return [
    name,
    digits(best),
    digits(median(ours)),
    String(ours.length),
    rate?.toFixed(0) ?? "",
    rate === undefined ? "" : `${((100 * rate) / peak).toFixed(0)}%`,
  ];
}

function ratio({ case: item, milliseconds, refusals }: Row, key: string): string {
  const theirs = milliseconds[key];
  if (theirs === undefined) return "error" in (refusals[key] ?? {}) ? FAILED : ABSENT;
  const time = `[${digits(minimum(theirs))}]`;
  if (milliseconds.onnxruntime === undefined) return time;
  const value = minimum(milliseconds.onnxruntime) / minimum(theirs);
  const wanted = item.wanted?.[key];
  const verdict = wanted === undefined ? "" : value <= wanted ? " ok" : ` (wanted ${wanted})`;
  return `${value.toFixed(2)}${verdict} ${time}`;
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
