/**
 * @file Systems that a step solves together. Layers pose theirs one after the other; the first solution
 * that is asked for has all solved that are posed by then (`spdSolves`).
 */
import type * as tf from "@tensorflow/tfjs-core";
import { inPhase } from "../engine/phase.ts";
import { type Precision, type SpdSystem, spdSolves } from "../linalg/index.ts";
import type { EventCounters } from "./events.ts";

/** A result that is computed, with others, once it is asked for. */
export type Later<T> = () => T;

/** Takes systems; their solutions are the right-hand sides where no damping makes them finite. */
export function posedSystems(
  precision: Precision,
  events: EventCounters,
): (system: SpdSystem) => Later<tf.Tensor2D> {
  let unsolved: SpdSystem[] = [];
  const solutions = new WeakMap<SpdSystem, tf.Tensor2D>();
  const solve = () => {
    const systems = unsolved;
    unsolved = [];
    const solved = inPhase("inverse", () => spdSolves(systems, { precision }));
    solved.forEach(({ solution, retries }, i) => {
      solutions.set(systems[i] as SpdSystem, solution);
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
