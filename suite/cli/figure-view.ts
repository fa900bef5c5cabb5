/** @file A study's figure as text. */
import type { Figure, FigureMap } from "../studies/figure.ts";
import { panelChart } from "./chart.ts";
import { textTable } from "./table.ts";
import { shortNumber } from "./words.ts";

export function figureText(figure: Figure): string {
  switch (figure.kind) {
    case "lines":
      if (figure.panels.length === 0) return "No data yet.";
      return figure.panels.map((panel) => `${panel.title}\n${panelChart(panel)}`).join("\n\n");
    case "maps":
      return figure.maps.map((map) => mapText(map, figure.value)).join("\n\n") || "No data yet.";
    case "table":
      return textTable(
        figure.columns,
        figure.rows.map((row) => row.map(cellText)),
      );
  }
}

function mapText({ title, x, y, cells }: FigureMap, value: string): string {
  const xs = [...new Set(cells.map((cell) => cell.x))].sort((a, b) => a - b);
  const ys = [...new Set(cells.map((cell) => cell.y))].sort((a, b) => b - a);
  const rows = ys.map((row) => [
    shortNumber(row),
    ...xs.map((column) =>
      cellText(cells.find((one) => one.x === column && one.y === row)?.value ?? null),
    ),
  ]);
  const header = [`${y.label} \\ ${x.label}`, ...xs.map(shortNumber)];
  return `${title}: ${value}\n${textTable(header, rows)}`;
}

function cellText(value: string | number | null): string {
  if (value === null) return "not run";
  return typeof value === "number" ? shortNumber(value) : value;
}
