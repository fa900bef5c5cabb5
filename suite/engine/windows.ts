/** @file Which pixels of an image a window reads, position by position. */

/** Along one axis: for each position the indices that the window reads there; −1 outside of the image. */
export type Reads = readonly (readonly number[])[];

export interface WindowAxis {
  /** Pixels of the image, positions of the window, pixels of the window. */
  readonly size: number;
  readonly positions: number;
  readonly window: number;
  readonly stride: number;
  readonly dilation: number;
  /** Zeros before the first pixel. */
  readonly padding: number;
}

export function readsOf({ size, positions, window, ...steps }: WindowAxis): Reads {
  return range(positions).map((position) =>
    range(window).map((i) => {
      const index = position * steps.stride + i * steps.dilation - steps.padding;
      return index < size ? index : -1;
    }),
  );
}

/** For each pair of windows the flat index of each pair of entries; `none` where one is negative. */
export function crossed(rows: Reads, columns: Reads, width: number, none: number): number[] {
  const indices: number[] = [];
  for (const down of rows) {
    for (const right of columns) {
      for (const i of down) {
        for (const j of right) indices.push(i < 0 || j < 0 ? none : i * width + j);
      }
    }
  }
  return indices;
}

export const range = (length: number) => Array.from({ length }, (_, i) => i);
