/**
 * @file One style per optimizer everywhere: colour (Okabe & Ito's set, darkened or lightened to 3:1
 * against the page), line style and marker, so that no figure depends on colour alone.
 */
import { rankOf } from "../data/catalogue.ts";

export type Marker =
  | "circle"
  | "square"
  | "triangle"
  | "diamond"
  | "down"
  | "plus"
  | "cross"
  | "ring";

export interface SeriesStyle {
  /** CSS class `c0` … `c8`. */
  readonly colour: number;
  readonly dash: string;
  readonly marker: Marker;
}

const COLOURS = 9;

const STYLES: readonly SeriesStyle[] = [
  { colour: 0, dash: "7 4", marker: "ring" },
  { colour: 1, dash: "2 3", marker: "square" },
  { colour: 2, dash: "", marker: "circle" },
  { colour: 2, dash: "9 3 2 3", marker: "ring" },
  { colour: 3, dash: "", marker: "triangle" },
  { colour: 4, dash: "", marker: "square" },
  { colour: 5, dash: "", marker: "diamond" },
  { colour: 6, dash: "", marker: "down" },
  { colour: 7, dash: "", marker: "plus" },
  { colour: 8, dash: "", marker: "cross" },
];

const LATER_DASHES = ["5 3", "10 3", "3 2 8 2"];
const LATER_MARKERS: readonly Marker[] = ["diamond", "down", "plus", "cross", "triangle", "ring"];

/** The n-th style; past the first ten, colours repeat with other dashes and markers. */
export function styleAt(index: number): SeriesStyle {
  const known = STYLES[index];
  if (known) return known;
  const later = index - STYLES.length;
  return {
    colour: 2 + (later % (COLOURS - 2)),
    dash: LATER_DASHES[Math.floor(later / (COLOURS - 2)) % LATER_DASHES.length] as string,
    marker: LATER_MARKERS[(later + Math.floor(later / 6)) % LATER_MARKERS.length] as Marker,
  };
}

/** Styles whose colours differ, for series that are no optimizers. */
const OTHERS = [2, 4, 5, 6, 7, 8, 9];

/** Ends the name of a series that the paper published: its method's colour, hollow and dotted. */
export const PAPER_SUFFIX = ", the paper's";

/** The style of an optimizer; other series are styled by their place in the figure. */
export function styleOf(name: string, index: number, known: (id: string) => boolean): SeriesStyle {
  if (name.endsWith(PAPER_SUFFIX)) {
    const own = styleOf(name.slice(0, -PAPER_SUFFIX.length), index, known);
    return { colour: own.colour, dash: "1 4", marker: "ring" };
  }
  return styleAt(known(name) ? rankOf(name) : (OTHERS[index] ?? index + OTHERS.length));
}

/** A marker of about 8 px at a place, as SVG. */
export function markerSvg(marker: Marker, x: number, y: number): string {
  const [cx, cy] = [round(x), round(y)];
  const path = (d: string) => `<path class="m" d="M${cx} ${cy}${d}z"/>`;
  switch (marker) {
    case "circle":
      return `<circle class="m" cx="${cx}" cy="${cy}" r="3.6"/>`;
    case "ring":
      return `<circle class="m o" cx="${cx}" cy="${cy}" r="3.4"/>`;
    case "square":
      return path("m-3.2-3.2h6.4v6.4h-6.4");
    case "triangle":
      return path("m0-4.4l4.2 7.4h-8.4");
    case "down":
      return path("m0 4.4l4.2-7.4h-8.4");
    case "diamond":
      return path("m0-4.7l4.4 4.7l-4.4 4.7l-4.4-4.7");
    case "plus":
      return path("m-1.3-4.3h2.6v3h3v2.6h-3v3h-2.6v-3h-3v-2.6h3");
    case "cross":
      return `<path class="m" transform="rotate(45 ${cx} ${cy})" d="M${cx} ${cy}m-1.3-4.3h2.6v3h3v2.6h-3v3h-2.6v-3h-3v-2.6h3z"/>`;
  }
}

/** Coordinates to a tenth of a pixel. */
export function round(value: number): number {
  return Math.round(value * 10) / 10;
}
