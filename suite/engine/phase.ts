/** @file The part of a training step that is being recorded, so that cost can be split by it. */

/** Phases of a training step, in the order in which a second-order step meets them. */
export const PHASES = [
  "forward",
  "backward",
  "curvature",
  "inverse",
  "precondition",
  "update",
] as const;

export type Phase = (typeof PHASES)[number];

let current: Phase = "forward";

/** The phase that kernels called now are booked to. */
export function currentPhase(): Phase {
  return current;
}

/** Runs `work` with its kernels booked to `phase`; phases nest, and the innermost counts. */
export function inPhase<T>(phase: Phase, work: () => T): T {
  const outer = current;
  current = phase;
  try {
    return work();
  } finally {
    current = outer;
  }
}
