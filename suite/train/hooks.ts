/** @file What the caller of a trial may watch and ask. */
import type { Model } from "../nn/model.ts";
import type { Curves } from "./recorder.ts";

export interface TrialHooks {
  readonly onProgress?: (done: number, steps: number, loss: number) => void;
  /** Where a checkpoint is kept while the trial runs, and how often it is written. */
  readonly checkpoint?: { readonly path: string; readonly everySeconds: number };
  /** Asks the trial to checkpoint and stop. */
  readonly signal?: AbortSignal;
  /** Asked at each evaluation; a reason ends the trial as `stopped-early`. */
  readonly stopEarly?: (curves: Curves) => string | undefined;
  /** Sees the model once, as it is evaluated in the end. */
  readonly onFinal?: (model: Model) => Promise<void>;
}
