/**
 * The plain bootstrap of a crossover over seeds: too narrow with few seeds, kept to say so and to
 * compare with others' numbers.
 */
import {
  type CrossoverInterval,
  type Draw,
  type IntervalOptions,
  summariseReplicates,
} from "./crossover-interval.ts";
import { bootstrapReplicates } from "./intervals.ts";
import { drawIndex, REPLICATES, RESAMPLING_SEED, randomFrom } from "./random.ts";
import { at, mean } from "./statistics.ts";

/** Every combination of resamples is enumerated up to this many replicates. */
const MOST_EXACT = 10_000;

/** Report seeds of two methods at one size, values oriented. */
export interface SeededPoint {
  position: number;
  challenger: { values: readonly number[]; seeds: readonly number[] };
  baseline: { values: readonly number[]; seeds: readonly number[] };
}

/** Seeds that both methods share are resampled together. Points in axis order. */
export function bootstrapCrossover(
  points: readonly SeededPoint[],
  options: IntervalOptions,
): CrossoverInterval {
  const { seed = RESAMPLING_SEED } = options;
  const random = randomFrom(seed);
  const lists = points.map((point) => meanResamples(point, seed));
  const combinations = lists.flat().reduce((product, list) => product * list.length, 1);
  const exact = combinations <= MOST_EXACT;
  const replicates = exact ? combinations : (options.replicates ?? REPLICATES);
  let counter = 0;
  const draw: Draw = (d) => {
    let rest = counter++;
    for (let j = 0; j < d.length; j++) {
      let total = 0;
      for (const list of at(lists, j)) {
        total += at(list, exact ? rest % list.length : drawIndex(random, list.length));
        rest = Math.floor(rest / list.length);
      }
      d[j] = total;
    }
  };
  const positions = points.map(({ position }) => position);
  return {
    ...summariseReplicates(positions, draw, { ...options, replicates }),
    method: "bootstrap",
    resampled: "seeds",
    replicates,
    seed,
  };
}

/** Lists of resampled means whose sum is a resampled difference. */
function meanResamples({ challenger, baseline }: SeededPoint, seed: number): number[][] {
  const shared =
    challenger.seeds.length === baseline.seeds.length &&
    challenger.seeds.every((one, index) => one === baseline.seeds[index]);
  if (shared) {
    const differences = challenger.values.map((value, index) => value - at(baseline.values, index));
    return [bootstrapReplicates(differences, mean, seed)];
  }
  const negated = baseline.values.map((value) => -value);
  return [
    bootstrapReplicates(challenger.values, mean, seed),
    bootstrapReplicates(negated, mean, seed + 1),
  ];
}
