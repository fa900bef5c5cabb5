/** Claims about diagnostics: one number per seed, decided by Student's t over the seeds. */
import { tInterval } from "../intervals.ts";
import { mean } from "../statistics.ts";
import type { ClaimStatistic } from "./claim.ts";
import { FEWEST_SEEDS } from "./guards.ts";

/** The statistic over seeds. */
export function overSeeds(name: string, values: readonly number[]): ClaimStatistic {
  return { name, value: mean(values), interval: tInterval(values) };
}

/** What is missing when there are fewer seeds than a claim needs. */
export function missingSeeds(count: number): string[] {
  const short = FEWEST_SEEDS - count;
  return short > 0 ? [`${short} more ${short === 1 ? "seed" : "seeds"} with the diagnostics`] : [];
}
