/** @file A race as a query string: who runs, at which batch size, from which seed. */

export interface RaceSettings {
  readonly racers: readonly string[];
  readonly batchSize: number;
  readonly epochs: number;
  readonly seed: number;
  /** Steps between inverses of methods that have them. */
  readonly inverseInterval: number;
  /** By racer; the declared default where absent. */
  readonly learningRates: Readonly<Record<string, number>>;
}

export const MOST_RACERS = 4;

export const STANDARD: RaceSettings = {
  racers: ["adamw", "kfac"],
  batchSize: 256,
  epochs: 10,
  seed: 1,
  inverseInterval: 10,
  learningRates: {},
};

/** What is missing or no number is as in the standard race. */
export function readRace(query: string, known: readonly string[]): RaceSettings {
  const given = new URLSearchParams(query);
  const racers = (given.get("racers")?.split(",") ?? STANDARD.racers).filter((id) =>
    known.includes(id),
  );
  const whole = (
    key: "batchSize" | "epochs" | "seed" | "inverseInterval",
    name: string,
    most: number,
  ) => {
    const value = Number(given.get(name) ?? Number.NaN);
    return Number.isInteger(value) && value >= (key === "seed" ? 0 : 1) && value <= most
      ? value
      : STANDARD[key];
  };
  const rates = [...given].flatMap(([key, value]) => {
    const rate = Number(value);
    return key.startsWith("lr.") && rate > 0 ? [[key.slice(3), rate] as const] : [];
  });
  return {
    racers: racers.slice(0, MOST_RACERS),
    batchSize: whole("batchSize", "batch", 3000),
    epochs: whole("epochs", "epochs", 50),
    seed: whole("seed", "seed", 1e9),
    inverseInterval: whole("inverseInterval", "inverse", 1000),
    learningRates: Object.fromEntries(rates),
  };
}

export function writeRace({
  racers,
  batchSize,
  epochs,
  seed,
  inverseInterval,
  learningRates,
}: RaceSettings): string {
  const query = [
    `racers=${racers.join(",")}`,
    `batch=${batchSize}`,
    `epochs=${epochs}`,
    `seed=${seed}`,
    `inverse=${inverseInterval}`,
    ...racers.flatMap((id) => (learningRates[id] ? [`lr.${id}=${learningRates[id]}`] : [])),
  ];
  return `?${query.join("&")}`;
}
