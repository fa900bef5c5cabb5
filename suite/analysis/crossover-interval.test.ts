import { describe, expect, it } from "vitest";
import { findCrossover } from "./crossover.ts";
import { bootstrapCrossover } from "./crossover-bootstrap.ts";
import { pooledTCrossover } from "./crossover-interval.ts";
import { type CurvePoint, pairCurves } from "./curve.ts";
import { expectClose } from "./fixtures/expect-close.ts";

/** A point whose differences to a level baseline are given by seed. */
function shared(position: number, differences: readonly number[]) {
  const seeds = differences.map((_, index) => index + 1);
  return {
    position,
    challenger: { values: differences, seeds },
    baseline: { values: differences.map(() => 0), seeds },
  };
}

const axis = "batch" as const;

describe("the plain bootstrap", () => {
  it("enumerates the specification's 16 replicates", () => {
    const points = [shared(256, [-0.3, -0.1]), shared(1024, [-0.1, 0.3])];
    const point = findCrossover(
      [
        { position: 256, difference: -0.2 },
        { position: 1024, difference: 0.1 },
      ],
      { axis },
    );
    expectClose(point.lasting, 645.0796, 4);
    const interval = bootstrapCrossover(points, { axis });
    expect(interval.replicates).toBe(16);
    expectClose(interval.low, 362.04, 2);
    expect(interval.high).toBe(Number.POSITIVE_INFINITY);
    expect(interval.never).toBe(0.25);
    expect(interval.always).toBe(0);
  });

  it("resamples methods apart when they do not share seeds", () => {
    const point = shared(256, [-0.3, -0.1]);
    const apart = { ...point, baseline: { values: [0, 0], seeds: [8, 9] } };
    expect(bootstrapCrossover([apart], { axis }).replicates).toBe(16);
  });
});

function curve(positions: readonly number[], values: (j: number) => number[]): CurvePoint[] {
  return positions.map((position, j) => ({
    position,
    values: values(j),
    seeds: [1, 2, 3],
    diverged: 0,
    luck: 0,
  }));
}

const positions = [64, 128, 256, 512];
const around = (centre: number) => [centre - 0.1, centre, centre + 0.1];

describe("the pooled-t interval", () => {
  it("holds the point estimate and is the same for the same seed", () => {
    const { points } = pairCurves(
      curve(positions, (j) => around(j - 1.4)),
      curve(positions, () => around(0)),
    );
    const interval = pooledTCrossover(points, { axis });
    const { lasting } = findCrossover(points, { axis });
    expect(interval?.low).toBeLessThan(lasting);
    expect(interval?.high).toBeGreaterThan(lasting);
    expect(pooledTCrossover(points, { axis })).toEqual(interval);
    expect(pooledTCrossover(points, { axis, seed: 5 })).not.toEqual(interval);
  });

  it("covers the whole line for a copy with other noise, and never claims a side", () => {
    const { points } = pairCurves(
      curve(positions, (j) => around(j % 2 ? 0.01 : -0.01)),
      curve(positions, () => around(0)),
    );
    const interval = pooledTCrossover(points, { axis });
    expect(interval?.low).toBe(0);
    expect(interval?.high).toBe(Number.POSITIVE_INFINITY);
  });

  it("reverses the dataset axis", () => {
    const sizes = [1000, 4000, 16_000];
    const { points } = pairCurves(
      curve([...sizes].reverse(), (j) => around([-1, 1, 2][j] ?? 0)),
      curve([...sizes].reverse(), () => around(0)),
    );
    const interval = pooledTCrossover(points, { axis: "dataset" });
    expect(interval?.low).toBeGreaterThan(4000);
    expect(interval?.high).toBeLessThan(16_000);
  });

  it("is unknown with one seed each", () => {
    const single = (value: number) => [
      { position: 64, values: [value], seeds: [1], diverged: 0, luck: 0 },
      { position: 128, values: [value], seeds: [1], diverged: 0, luck: 0 },
    ];
    const { points } = pairCurves(single(1), single(0));
    expect(pooledTCrossover(points, { axis })).toBeNull();
  });

  it("does not pool over a cell with divergence", () => {
    const wild = curve(positions, (j) => (j === 0 ? [0.1, 0.9, 0.95] : around(j)));
    const first = wild[0];
    if (!first) throw new Error("no first cell");
    wild[0] = { ...first, diverged: 1 };
    const { points } = pairCurves(
      wild,
      curve(positions, () => around(0)),
    );
    expectClose(points[3]?.seedNoise.standardError ?? 0, 0.1 * Math.sqrt(2 / 3));
    expect(points[0]?.seedNoise.standardError).toBeGreaterThan(0.2);
  });
});
