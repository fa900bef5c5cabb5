/**
 * The plain bootstrap of a crossover over seeds: too narrow with few seeds, kept to say so and to
 * compare with others' numbers.
 */
import {
  type CrossoverInterval,
  type Fill,
  type IntervalOptions,
  summariseReplicates,
} from "./crossover-interval.ts";
import { bootstrapReplicates } from "./intervals.ts";
import { drawIndex, type Random, REPLICATES, RESAMPLING_SEED, randomFrom } from "./random.ts";
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
  let block = 1;
  const filled = points.map(({ position }, j) => {
    const parts = at(lists, j).map((list) => {
      const repeat = block;
      block *= list.length;
      return { list, repeat };
    });
    return { position, fill: exact ? enumerate(parts) : sample(parts, random) };
  });
  return {
    ...summariseReplicates(filled, { ...options, replicates }),
    method: "bootstrap",
    resampled: "seeds",
    replicates,
    seed,
  };
}

/** Resampled means, each of which stays for `repeat` combinations. */
interface Part {
  list: readonly number[];
  repeat: number;
}

function enumerate(parts: readonly Part[]): Fill {
  return (out, first, stride) => {
    for (let i = first, counter = 0; i < out.length; i += stride, counter++) {
      out[i] = parts.reduce(
        (total, { list, repeat }) => total + at(list, Math.floor(counter / repeat) % list.length),
        0,
      );
    }
  };
}

function sample(parts: readonly Part[], random: Random): Fill {
  return (out, first, stride) => {
    for (let i = first; i < out.length; i += stride) {
      out[i] = parts.reduce(
        (total, { list }) => total + at(list, drawIndex(random, list.length)),
        0,
      );
    }
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
