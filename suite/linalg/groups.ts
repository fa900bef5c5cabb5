/** @file Which matrices are factored together. */
import type * as tf from "@tensorflow/tfjs-core";

/** Larger matrices cost their products, not their graph's nodes: they are factored alone. */
const LARGEST_TOGETHER = 1024;
/** Elements of the matrices that are factored at once, 64 MiB in float32. */
const MOST_TOGETHER = 2 ** 24;

/** Neighbours that are factored together. @param each how many matrices each of them stands for */
export function groupsOf<T extends { readonly matrix: tf.Tensor2D }>(
  systems: readonly T[],
  each = 1,
): T[][] {
  const groups: T[][] = [];
  let room = 0;
  for (const system of systems) {
    const size = each * system.matrix.size;
    const alone = system.matrix.size > LARGEST_TOGETHER ** 2;
    if (alone || size > room) {
      groups.push([system]);
      room = alone ? 0 : MOST_TOGETHER - size;
    } else {
      groups.at(-1)?.push(system);
      room -= size;
    }
  }
  return groups;
}
