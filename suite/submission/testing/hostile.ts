/** @file What one entry of the corpus of hostile submissions is. */

/** Where it is stopped. */
export type Door = "difference" | "result file" | "sandbox" | "rerun" | "artifact" | "comment";

export interface HostileCase {
  /** What is tried, in words for a table. */
  readonly tried: string;
  readonly door: Door;
  /** `refused` closes the door; `contained`: it runs, and nothing comes of it. */
  readonly outcome: "refused" | "contained";
  /** Tries it. Returns what the check says. */
  readonly attempt: () => string | Promise<string>;
  /** What it must say. */
  readonly says: RegExp;
}
