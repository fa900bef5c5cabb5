/** @file A figure's data, free of any drawing: the site and the terminal draw it. Browser-safe. */

export interface FigureAxis {
  readonly label: string;
  readonly scale: "linear" | "log2" | "log10";
}

export interface FigurePoint {
  readonly x: number;
  readonly y: number;
  /** 95% interval. */
  readonly low?: number;
  readonly high?: number;
}

export interface FigureSeries {
  readonly name: string;
  readonly points: readonly FigurePoint[];
  /** Background to the other series: drawn thin, without markers or a label. */
  readonly muted?: boolean;
}

export interface FigurePanel {
  readonly title: string;
  readonly x: FigureAxis;
  readonly y: FigureAxis;
  readonly series: readonly FigureSeries[];
}

export interface FigureMap {
  readonly title: string;
  readonly x: FigureAxis;
  readonly y: FigureAxis;
  readonly cells: readonly {
    readonly x: number;
    readonly y: number;
    readonly value: number | null;
    /** The value is chance level, because it diverged. */
    readonly diverged?: boolean;
  }[];
}

/** Several panels of lines, several maps, or a table. */
export type Figure =
  | { readonly kind: "lines"; readonly panels: readonly FigurePanel[] }
  | { readonly kind: "maps"; readonly value: string; readonly maps: readonly FigureMap[] }
  | {
      readonly kind: "table";
      readonly columns: readonly string[];
      readonly rows: readonly (readonly (string | number | null)[])[];
    };
