/** @file The eigenvectors of a statistic, kept from step to step. */
import * as tf from "@tensorflow/tfjs-core";
import { inPhase } from "../engine/phase.ts";
import { symmetricEigen } from "../linalg/index.ts";
import type { EventCounters } from "./events.ts";
import type { OptimizerState } from "./state.ts";

export interface Eigenbasis {
  /** Columns are basis vectors, `[d, d]`; the order is the method's. */
  readonly vectors: tf.Variable<tf.Rank.R2>;
  /** Takes in the eigenvectors of a symmetric `[d, d]`, ascending or descending. */
  refresh(matrix: tf.Tensor2D, order?: "ascending" | "descending"): void;
  /** Takes in other vectors where `ok` (bool scalar) holds; else the previous ones stay. */
  replace(vectors: tf.Tensor2D, ok: tf.Tensor): void;
}

/** Starts as the identity. */
export function eigenbasis(
  state: OptimizerState,
  name: string,
  order: number,
  events: EventCounters,
): Eigenbasis {
  const vectors = state.tensor(name, () => tf.eye(order)) as tf.Variable<tf.Rank.R2>;
  const replace = (fresh: tf.Tensor2D, ok: tf.Tensor) => {
    events.count("keptInverses", tf.sub(1, tf.cast(ok, "float32")));
    vectors.assign(tf.where(ok, fresh, vectors));
  };
  return {
    vectors,
    replace,
    refresh: (matrix, direction = "ascending") =>
      inPhase("inverse", () => {
        const { vectors: fresh, ok } = symmetricEigen(matrix);
        replace(direction === "ascending" ? fresh : tf.reverse2d(fresh, 1), ok);
      }),
  };
}
