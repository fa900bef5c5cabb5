/**
 * @file Systems that a step solves together. Layers pose theirs one after the other; the first solution
 * that is asked for has all solved that are posed by then (`spdSolves`, `inverseRootProducts`).
 */
import type * as tf from "@tensorflow/tfjs-core";
import { inPhase } from "../engine/phase.ts";
import {
  inverseRootProducts,
  type Precision,
  type RootProductOf,
  type SpdSystem,
  spdSolves,
} from "../linalg/index.ts";
import type { EventCounters } from "./events.ts";

/** A result that is computed, with others, once it is asked for. */
export type Later<T> = () => T;

/** Takes systems; their solutions are the right-hand sides where no damping makes them finite. */
export function posedSystems(
  precision: Precision,
  events: EventCounters,
): (system: SpdSystem) => Later<tf.Tensor2D> {
  return posed(events, (systems) =>
    spdSolves(systems, { precision }).map(({ solution, retries }) => [solution, retries]),
  );
}

/** Takes rows and matrices; products are the rows where no ridge makes them finite. */
export function posedRootProducts(
  options: { readonly ridge: number; readonly precision: Precision },
  events: EventCounters,
): (product: RootProductOf) => Later<tf.Tensor2D> {
  return posed(events, (products) =>
    inverseRootProducts(products, options).map(({ product, retries }) => [product, retries]),
  );
}

type Solved = readonly [solution: tf.Tensor2D, retries: tf.Scalar];

function posed<T extends object>(
  events: EventCounters,
  solveAll: (systems: readonly T[]) => readonly Solved[],
): (system: T) => Later<tf.Tensor2D> {
  let unsolved: T[] = [];
  const solutions = new WeakMap<T, tf.Tensor2D>();
  const solve = () => {
    const systems = unsolved;
    unsolved = [];
    const solved = inPhase("inverse", () => solveAll(systems));
    solved.forEach(([solution, retries], i) => {
      solutions.set(systems[i] as T, solution);
      events.countRetries(retries);
    });
  };
  return (system) => {
    unsolved.push(system);
    return () => {
      if (!solutions.has(system)) solve();
      return solutions.get(system) as tf.Tensor2D;
    };
  };
}

/** A computation that stops where it has posed systems, so that others may pose theirs. */
export type Posing<T> = Generator<void, T>;

/** Runs computations from stop to stop, side by side, to their ends. */
export function sideBySide<T>(computations: readonly Posing<T>[]): T[] {
  const states = computations.map((computation) => computation.next());
  while (states.some(({ done }) => !done)) {
    computations.forEach((computation, i) => {
      if (!states[i]?.done) states[i] = computation.next();
    });
  }
  return states.map(({ value }) => value as T);
}
