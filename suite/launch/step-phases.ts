/** @file What the phases of a step take, told apart by what is refreshed. */
import type { Phase } from "../engine/phase.ts";
import { type Blocks, medianOf } from "./blocks.ts";

/** FLOPs of a step by phase. */
export type PhaseFlops = Readonly<Record<Phase, number>>;

/**
 * How often a method refreshes: everything at `1` or `10` steps, statistics in every step without
 * inverses (`statistics`), neither after the first step (`never`).
 */
export const REFRESHES = ["1", "10", "statistics", "never"] as const;
export type Refresh = (typeof REFRESHES)[number];

/** Milliseconds that phases add to a step, medians of differences within a round. */
export interface PhaseTimes {
  /**
   * Over SGD, where nothing is refreshed; with statistics where these have no interval. Absent where a
   * step that refreshes preconditions by another way than one that does not: the last of the others
   * has it then.
   */
  readonly precondition?: number;
  /** Of statistics; with inverses where these have no interval. */
  readonly curvature?: number;
  /** With statistics where `curvature` is absent: they are only taken for an inverse. */
  readonly inverse?: number;
}

/** By differences between what was refreshed; undefined where a method has no intervals. */
export function phaseTimes(
  variants: readonly {
    readonly refresh: Refresh | "none";
    readonly blocks: Blocks;
    readonly flops: PhaseFlops;
  }[],
  sgd: Blocks,
): PhaseTimes | undefined {
  const find = (name: Refresh) => variants.find(({ refresh }) => refresh === name);
  const [everything, statistics, never] = [find("1"), find("statistics"), find("never")];
  const least = never ?? statistics;
  if (!everything || !least) return undefined;
  const added = (more: Blocks, less: Blocks) => medianOf(more, less, (one, other) => one - other);
  const oneWay = everything.flops.precondition === least.flops.precondition;
  const precondition = oneWay && { precondition: added(least.blocks, sgd) };
  const rest = added(everything.blocks, oneWay ? least.blocks : sgd);
  if (!statistics) return { ...precondition, curvature: rest };
  const apart = never && statistics.flops.curvature === everything.flops.curvature;
  if (!apart) return { ...precondition, inverse: rest };
  const without = oneWay ? never.blocks : sgd;
  const withCurvature = without.map((block, round) => {
    const [more, less] = [statistics.blocks[round] as number, never.blocks[round] as number];
    return block + more - less;
  });
  return {
    ...precondition,
    curvature: added(statistics.blocks, never.blocks),
    inverse: added(everything.blocks, withCurvature),
  };
}
