/** @file What a figure of the site is: its data, what it shows in words, and how to make it again. */
import type { CellFile } from "../../../suite/results/schema.ts";
import type { Figure, FigureAxis } from "../../../suite/studies/figure.ts";

/** Where challengers overtake: one row each, on a size axis. Ends are 0 or ∞ beyond the grid. */
export interface StripRow {
  readonly name: string;
  readonly at: number;
  readonly low: number;
  readonly high: number;
  /** In words, for the label at the right. */
  readonly words: string;
  /** A tie, or a single common size: no mark is drawn. */
  readonly unplaced: boolean;
}

export interface BarRow {
  readonly name: string;
  readonly parts: readonly { readonly name: string; readonly value: number }[];
}

/** A level that curves are read against: what lies above and below it. */
export interface Reference {
  readonly y: number;
  readonly above: string;
  readonly below: string;
}

/** Where a curve crosses the reference for good. */
export interface Crossing {
  readonly name: string;
  readonly x: number;
  readonly text: string;
}

export type SiteFigure =
  | Exclude<Figure, { kind: "lines" }>
  | (Extract<Figure, { kind: "lines" }> & {
      /** Points without a line between them. */
      readonly scattered?: boolean;
      readonly reference?: Reference;
      readonly crossings?: readonly Crossing[];
    })
  | {
      readonly kind: "strip";
      readonly x: FigureAxis;
      readonly grid: readonly number[];
      readonly rows: readonly StripRow[];
    }
  | { readonly kind: "bars"; readonly unit: string; readonly rows: readonly BarRow[] };

export interface FigureSpec {
  /** Path below `figures/`, unique. */
  readonly id: string;
  readonly title: string;
  /** What it shows, as a sentence: the text alternative. */
  readonly finding: string;
  /** Shown in place of the finding where the page says that elsewhere. */
  readonly caption?: string;
  readonly figure: SiteFigure;
  /** Prints the same numbers in a terminal. */
  readonly command: string;
  readonly files: readonly CellFile[];
  /** Where the numbers are from, when it is not the files. */
  readonly source?: string;
}
