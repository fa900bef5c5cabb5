/** Configurations: their canonical key, and whether the chosen one lies at the edge of the grid. */
import type { Hyperparameters } from "../results/schema.ts";
import { at, distinct } from "./statistics.ts";

/** Equal configurations have equal keys, whatever the order of their properties. */
export function configurationKey(hyperparameters: Hyperparameters): string {
  const names = Object.keys(hyperparameters).sort();
  return JSON.stringify(names.map((name) => [name, hyperparameters[name]]));
}

/** A chosen value with no neighbour on one side: the true optimum may lie outside the grid. */
export interface GridEdge {
  hyperparameter: string;
  value: number;
  side: "lowest" | "highest";
}

/** A hyperparameter with more distinct values than this was sampled, not laid out as a grid. */
const MOST_GRID_VALUES = 12;
/** A sampled hyperparameter is at its edge in the outer tenth of its range. */
const EDGE_SHARE = 0.1;

/**
 * The numeric hyperparameters whose chosen value lies at an edge of what was tried. A grid needs three
 * values to have an inside. Zero is a natural limit, not an edge. Where values were sampled, the two
 * best configurations must agree, because one of many always lies outermost.
 *
 * @param best configurations from best to worst, at least the chosen one.
 * @param tried every configuration of the cell.
 */
export function gridEdges(
  best: readonly Hyperparameters[],
  tried: readonly Hyperparameters[],
): GridEdge[] {
  const [chosen, second] = best;
  if (!chosen) return [];
  return Object.keys(chosen)
    .sort()
    .flatMap((name) => {
      const values = distinct(tried.map((one) => one[name]).filter((value) => isNumber(value)));
      const value = chosen[name];
      if (!isNumber(value) || value === 0 || values.length < 3) return [];
      const side = edgeSide(value, values);
      if (side === null) return [];
      const sampled = values.length > MOST_GRID_VALUES;
      const agreeing = second?.[name];
      if (sampled && !(isNumber(agreeing) && edgeSide(agreeing, values) === side)) return [];
      return [{ hyperparameter: name, value, side }];
    });
}

function isNumber(value: unknown): value is number {
  return typeof value === "number";
}

function edgeSide(value: number, values: readonly number[]): GridEdge["side"] | null {
  const lowest = at(values, 0);
  const highest = at(values, values.length - 1);
  if (values.length <= MOST_GRID_VALUES) {
    return value === lowest ? "lowest" : value === highest ? "highest" : null;
  }
  const scale = lowest > 0 ? Math.log : (x: number) => x;
  const share = (scale(value) - scale(lowest)) / (scale(highest) - scale(lowest));
  return share <= EDGE_SHARE ? "lowest" : share >= 1 - EDGE_SHARE ? "highest" : null;
}
