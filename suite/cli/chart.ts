/** @file A panel of lines as a small chart of characters. */
import type { FigureAxis, FigurePanel } from "../studies/figure.ts";
import { shortNumber } from "./words.ts";

const HEIGHT = 12;
const WIDTH = 64;

/** One letter per series; where several meet, `+`. Axes are labelled at their ends. */
export function panelChart({ x, y, series }: FigurePanel): string {
  const points = series.flatMap(({ points: all }) => all);
  if (points.length === 0) return "No data yet.";
  const across = scaleOf(
    x,
    points.map((point) => point.x),
  );
  const up = scaleOf(
    y,
    points.map((point) => point.y),
  );
  const grid = Array.from({ length: HEIGHT }, () => Array<string>(WIDTH).fill(" "));
  series.forEach(({ points: all }, i) => {
    const letter = letterOf(i);
    for (const point of all) {
      const row = grid[Math.round((1 - up.share(point.y)) * (HEIGHT - 1))] as string[];
      const column = Math.round(across.share(point.x) * (WIDTH - 1));
      row[column] = row[column] === " " || row[column] === letter ? letter : "+";
    }
  });
  const labels = grid.map((_, row) =>
    row === 0 ? shortNumber(up.high) : row === HEIGHT - 1 ? shortNumber(up.low) : "",
  );
  const margin = Math.max(...labels.map((label) => label.length));
  const body = grid.map((row, i) => `${labels[i]?.padStart(margin)} │${row.join("").trimEnd()}`);
  const [left, right] = [shortNumber(across.low), shortNumber(across.high)];
  const name = `${x.label}${x.scale === "linear" ? "" : ` (${x.scale} scale)`}`;
  const gap = WIDTH - left.length - right.length;
  const middle = name.padStart(Math.floor((gap + name.length) / 2)).padEnd(gap);
  return [
    y.label,
    ...body,
    `${" ".repeat(margin)} └${"─".repeat(WIDTH)}`,
    `${" ".repeat(margin)}  ${left}${middle}${right}`,
    series.map(({ name: label }, i) => `${letterOf(i)} ${label}`).join("   "),
  ].join("\n");
}

const letterOf = (index: number): string => String.fromCharCode(97 + (index % 26));

function scaleOf({ scale }: FigureAxis, values: readonly number[]) {
  const low = Math.min(...values);
  const high = Math.max(...values);
  const place = (value: number) => (scale === "linear" ? value : Math.log2(value));
  const span = place(high) - place(low);
  return {
    low,
    high,
    share: (value: number) => (span > 0 ? (place(value) - place(low)) / span : 0.5),
  };
}
