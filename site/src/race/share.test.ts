import fc from "fast-check";
import { expect, it } from "vitest";
import { MOST_RACERS, readRace, STANDARD, writeRace } from "./share.ts";

const KNOWN = ["sgd", "adamw", "kfac", "shampoo", "muon"];

it("a race survives its address", () => {
  const races = fc.record({
    racers: fc.subarray(KNOWN, { minLength: 1, maxLength: MOST_RACERS }),
    batchSize: fc.integer({ min: 1, max: 3000 }),
    epochs: fc.integer({ min: 1, max: 50 }),
    seed: fc.integer({ min: 0, max: 1e9 }),
    inverseInterval: fc.integer({ min: 1, max: 1000 }),
  });
  fc.assert(
    fc.property(races, fc.double({ min: 1e-6, max: 10, noNaN: true }), (race, rate) => {
      const whole = { ...race, learningRates: { [race.racers[0] as string]: rate } };
      expect(readRace(writeRace(whole), KNOWN)).toEqual(whole);
    }),
  );
});

it("what is unknown or no number is as in the standard race", () => {
  const race = readRace("?racers=sgd,nobody,adamw,kfac,shampoo,muon&batch=many&seed=-1", KNOWN);
  expect(race).toEqual({ ...STANDARD, racers: ["sgd", "adamw", "kfac", "shampoo"] });
});
