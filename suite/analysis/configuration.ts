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

/** More distinct values than this were sampled, not laid out as a grid. */
const MOST_GRID_VALUES = 12;
/** Where values were sampled, those in the outer tenth of their range lie at its edge, and the last two. */
const EDGE_SHARE = 0.1;
const FEWEST_OUTERMOST = 2;

/**
 * The numeric hyperparameters whose chosen value lies at an edge of what was tried. A grid needs three
 * values to have an inside. Zero is a natural limit, not an edge. Where values were sampled (none occurs twice,
 * and there are many, or two hyperparameters are so), the two best configurations must agree, because one of many always lies
 * outermost in some dimension.
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
  const valuesOf = (name: string) =>
    distinct(tried.map((one) => one[name]).filter((value) => isNumber(value)));
  const together =
    Object.keys(chosen).filter((name) => valuesOf(name).length === tried.length).length > 1;
  return Object.keys(chosen)
    .sort()
    .flatMap((name) => {
      const values = valuesOf(name);
      const value = chosen[name];
      if (!isNumber(value) || value === 0 || values.length < 3) return [];
      const sampled =
        values.length === tried.length && (together || values.length > MOST_GRID_VALUES);
      const side = edgeSide(value, values, sampled);
      if (side === null) return [];
      const agreeing = second?.[name];
      if (sampled && !(isNumber(agreeing) && edgeSide(agreeing, values, true) === side)) return [];
      return [{ hyperparameter: name, value, side }];
    });
}

function isNumber(value: unknown): value is number {
  return typeof value === "number";
}

/** @param values in ascending order. */
function edgeSide(
  value: number,
  values: readonly number[],
  sampled: boolean,
): GridEdge["side"] | null {
  const [lowest, highest] = [at(values, 0), at(values, values.length - 1)];
  if (!sampled) return value === lowest ? "lowest" : value === highest ? "highest" : null;
  const scale = lowest > 0 ? Math.log : (x: number) => x;
  const share = (scale(value) - scale(lowest)) / (scale(highest) - scale(lowest));
  const below = values.filter((one) => one < value).length;
  if (share <= EDGE_SHARE || below < FEWEST_OUTERMOST) return "lowest";
  const above = values.filter((one) => one > value).length;
  return share >= 1 - EDGE_SHARE || above < FEWEST_OUTERMOST ? "highest" : null;
}
