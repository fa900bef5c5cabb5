/** @file A figure's numbers: as rows (for the table and CSV), as JSON. */
import type { SiteFigure } from "./spec.ts";

export interface NumberTable {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number | null)[])[];
}

/** All numbers of a figure, one row per point. */
export function numbersOf(figure: SiteFigure): NumberTable {
  switch (figure.kind) {
    case "lines":
      return {
        columns: [
          "panel",
          "series",
          figure.panels[0]?.x.label ?? "x",
          figure.panels[0]?.y.label ?? "y",
          "low",
          "high",
        ],
        rows: figure.panels.flatMap(({ title, series }) =>
          series.flatMap(({ name, points }) =>
            points.map(({ x, y, low, high }) => [title, name, x, y, low ?? null, high ?? null]),
          ),
        ),
      };
    case "maps":
      return {
        columns: [
          "map",
          figure.maps[0]?.x.label ?? "x",
          figure.maps[0]?.y.label ?? "y",
          figure.value,
        ],
        rows: figure.maps.flatMap(({ title, cells }) =>
          cells.map(({ x, y, value }) => [title, x, y, value]),
        ),
      };
    case "table":
      return figure;
    case "strip":
      return {
        columns: ["challenger", "crossover", "low", "high", "in words"],
        rows: figure.rows.map(({ name, at, low, high, words, unplaced }) => [
          name,
          unplaced ? null : at,
          unplaced ? null : low,
          unplaced ? null : high,
          words,
        ]),
      };
    case "bars":
      return {
        columns: ["optimizer", "part", figure.unit],
        rows: figure.rows.flatMap(({ name, parts }) =>
          parts.map((part) => [name, part.name, part.value]),
        ),
      };
  }
}

/** RFC 4180; infinities as `inf`. */
export function csvOf({ columns, rows }: NumberTable): string {
  const field = (value: string | number | null) => {
    if (value === null) return "";
    if (value === Number.POSITIVE_INFINITY) return "inf";
    const text = `${value}`;
    return /[",\n]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text;
  };
  return [columns, ...rows].map((row) => `${row.map(field).join(",")}\r\n`).join("");
}
