/** @file `npm run test:chaos -- 1000`: the chaos test with as many kills as asked for. */
import { spawnSync } from "node:child_process";
import { positiveInteger } from "./options.ts";

const kills = positiveInteger("kills")(process.argv[2] ?? "100");
const { status } = spawnSync("npx", ["vitest", "run", "suite/launch/chaos.test.ts"], {
  stdio: "inherit",
  env: { ...process.env, CROSSOVER_KILLS: String(kills) },
});
process.exitCode = status ?? 1;
