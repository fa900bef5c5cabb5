/** @file How the benchmark talks to a contestant: one JSON object per line, in and out. */

/** What is computed, by name, and how large it is. */
export interface Workload {
  readonly case: string;
  readonly sizes: Readonly<Record<string, number | string>>;
  /** Steps that a lazy engine records before it runs them; everyone else does them one by one. */
  readonly stepsPerGraph?: number;
}

export interface Request extends Workload {
  readonly steps: number;
  /** Steps before the first timed one, once per workload. */
  readonly warmup: number;
}

export interface Timing {
  /** One entry per step. */
  readonly milliseconds: readonly number[];
  /** FLOPs of a step, from contestants that count them. */
  readonly flops?: number;
}

/** It has no such case, or the case failed. */
export type Refusal = { readonly absent: true } | { readonly error: string };

/** The first line a contestant writes says who it is; then each request gets one of these. */
export type Answer = Timing | Refusal;
