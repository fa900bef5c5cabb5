/** @file Examples of an array by position. */

/** Copies the examples at `positions`, each `size` values long, one after the other. */
export function gatherRows<T extends Float32Array | Int32Array>(
  values: T,
  size: number,
  positions: Int32Array,
): T {
  const length = positions.length * size;
  const target = (
    values instanceof Int32Array ? new Int32Array(length) : new Float32Array(length)
  ) as T;
  positions.forEach((position, i) => {
    target.set(values.subarray(position * size, (position + 1) * size), i * size);
  });
  return target;
}

/** `from`, `from + 1`, … up to, but not including, `to`. */
export function positionsBetween(from: number, to: number): Int32Array {
  return Int32Array.from({ length: to - from }, (_, i) => from + i);
}
