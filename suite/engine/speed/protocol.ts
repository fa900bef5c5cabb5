/** @file How the benchmark talks to a contestant: one JSON object per line, in and out. */

/** What is computed, by name, and how large it is. */
export interface Workload {
  readonly case: string;
  readonly sizes: Readonly<Record<string, number | string>>;
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

/** The first line a contestant writes says who it is; then each request gets one of these. */
export type Answer = Timing | { readonly error: string };
