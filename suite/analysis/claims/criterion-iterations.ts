/**
 * "The quality of PSGD's preconditioner follows iterations, not epochs" (Figure 3): the spread of the
 * log criterion across batch sizes over iterations is less than half of that over epochs.
 */
import { type CriterionCurve, iterationShare } from "../criterion.ts";
import { below, type ClaimResult, verdictOf } from "./claim.ts";
import { missingSeeds, overSeeds } from "./over-seeds.ts";

const ITERATION_SHARE = 0.5;

/**
 * @param seeds per seed, the curves of all batch sizes (at least two).
 * @param missing what the caller's guards found.
 */
export function criterionIterationsClaim(
  seeds: readonly (readonly CriterionCurve[])[],
  missing: readonly string[],
): ClaimResult {
  const usable = seeds.filter((curves) => curves.length >= 2);
  const gaps = [...missing, ...missingSeeds(usable.length)];
  const share = overSeeds(
    "spread over iterations / spread over epochs",
    usable.map(iterationShare),
  );
  return {
    id: "criterion-iterations",
    verdict: verdictOf([below(share.interval, ITERATION_SHARE)], gaps),
    statistics: [share],
    finding: share.value < ITERATION_SHARE ? "follows iterations" : "does not follow iterations",
    missing: gaps,
    sensitivity: [],
  };
}
