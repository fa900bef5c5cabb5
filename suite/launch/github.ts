/** @file The matrix of the sweep workflow. */
import type { CellPlan } from "../protocol/plan.ts";

export interface Matrix {
  readonly include: readonly {
    /** `3/16`: what `bench --shard` takes. */
    readonly shard: string;
    readonly cells: number;
    /** Estimated, on one process; absent where a cell was not measured. */
    readonly minutes?: number;
  }[];
}

export function githubMatrix(
  shards: readonly (readonly CellPlan[])[],
  seconds: (shard: readonly CellPlan[]) => number | undefined,
): Matrix {
  return {
    include: shards.map((shard, i) => {
      const time = seconds(shard);
      return {
        shard: `${i + 1}/${shards.length}`,
        cells: shard.length,
        ...(time !== undefined && { minutes: Math.ceil(time / 60) }),
      };
    }),
  };
}
