/**
 * "Eigenvalues settle, except the last layer's" (Figure 7): over the second half of training the top
 * eigenvalue stays within half a doubling in at least 90% of the layers, and moves more in the last.
 */
import { SETTLED_RANGE, type Settling } from "../eigenvalues.ts";
import { above, below, type ClaimResult, verdictOf } from "./claim.ts";
import { missingSeeds, overSeeds } from "./over-seeds.ts";

/**
 * @param seeds one settling per seed, of one optimizer, tier and dataset.
 * @param missing what the caller's guards found.
 */
export function eigenvaluesSettleClaim(
  seeds: readonly Settling[],
  missing: readonly string[],
): ClaimResult {
  const gaps = [...missing, ...missingSeeds(seeds.length)];
  const body = overSeeds(
    "doublings that 90% of the layers stay within",
    seeds.map((seed) => seed.body),
  );
  const last = overSeeds(
    "doublings of the last layer",
    seeds.map((seed) => seed.last),
  );
  return {
    id: "eigenvalues-settle",
    verdict: verdictOf(
      [below(body.interval, SETTLED_RANGE), above(last.interval, SETTLED_RANGE)],
      gaps,
    ),
    statistics: [body, last],
    finding: body.value <= SETTLED_RANGE ? "most layers settle" : "layers keep moving",
    missing: gaps,
    sensitivity: [],
  };
}
