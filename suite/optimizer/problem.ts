/** @file What an optimizer is given at each step. */
import type { Pass, PassRequest } from "../nn/evaluate.ts";

/** The training loss on the current batch, as a function of the parameters as they are now. */
export interface Problem {
  /** n: examples in the batch. */
  readonly examples: number;
  /** N: terms that the mean loss averages; n, or n·T for token models. */
  readonly terms: number;
  /** One evaluation. A second one on the same batch says `repeated`. */
  evaluate(request?: PassRequest): Pass;
}

export interface StepInfo {
  /** Counts from 0. */
  readonly step: number;
  /** The schedule's factor on the learning rate now, in [0, 1]. */
  readonly rateFactor: number;
  /** Share of the training budget already spent, in [0, 1). */
  readonly progress: number;
}
