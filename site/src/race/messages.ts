/** @file What the page and a racer's worker say to each other. */

export interface RacerOrder {
  readonly optimizer: string;
  /** Values that differ from the declared defaults. */
  readonly hyperparameters: Readonly<Record<string, number>>;
  readonly batchSize: number;
  readonly epochs: number;
  readonly seed: number;
  /** Address of the digits. */
  readonly digits: string;
}

export type ToRacer =
  | { readonly type: "start"; readonly order: RacerOrder }
  | { readonly type: "pause" }
  | { readonly type: "resume" };

/** One row of a racer's record. */
export interface RacerPoint {
  readonly step: number;
  /** Mean training loss since the last row, nats. */
  readonly loss: number;
  /** On the 1,000 test digits; null between evaluations. */
  readonly accuracy: number | null;
  /** ‖Δθ‖/‖θ‖ of the last step. */
  readonly updateNorm: number;
  /** Loss before the last step minus after it, on the same batch. */
  readonly decrease: number;
  /** The optimizer's own diagnostics of the last step, scalars only. */
  readonly diagnostics: Readonly<Record<string, number>>;
  /** Seconds spent training, pauses not counted. */
  readonly seconds: number;
}

export type FromRacer =
  | { readonly type: "ready"; readonly steps: number }
  | { readonly type: "point"; readonly point: RacerPoint }
  | { readonly type: "done"; readonly diverged: boolean }
  | { readonly type: "error"; readonly message: string };
