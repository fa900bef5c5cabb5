/**
 * @file How many steps of a trial are run together. To start a run takes about as long as a small step's
 * arithmetic, and within a run the next weights can take the place of the last; so a few steps are
 * recorded and run as one graph: the same operations in the same order. Which ones follows from the
 * trial alone, never from a clock.
 */
import type { Cost } from "../engine/cost.ts";

/** Eight gain some five percent more, and take twice as long to compile. */
const STEPS_PER_RUN = 4;
/** Those of an MLP of some 1,000 units: of more FLOPs less than a tenth would be gained. */
const SMALL_FLOPS = 2e9;
/** Graphs of more kernels take longer to compile than they save. */
const FEW_CALLS = 300;
/** Methods that precondition gain little, and the graphs of their inverses take seconds to compile. */
const PRECONDITIONING = ["curvature", "inverse", "precondition"] as const;
/** Steps of a trial that make up for compiling the larger graph, about half a second. */
const LONG_TRIAL = 1500;

/** After which steps of such a cost a trial of `steps` steps runs them: multiples of what it returns. */
export function stepsPerRun(
  steps: number,
  { calls, flops, phases }: Pick<Cost, "calls" | "flops" | "phases">,
): number {
  const plain = PRECONDITIONING.every((phase) => phases[phase].flops === 0);
  const small = calls <= FEW_CALLS && flops <= SMALL_FLOPS;
  return plain && small && steps >= LONG_TRIAL ? STEPS_PER_RUN : 1;
}
