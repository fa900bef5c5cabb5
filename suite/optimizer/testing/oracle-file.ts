/** @file The JSON that the oracles of `optimizers/oracles` wrote. */
import { readFileSync } from "node:fs";

export function readOracleFile(name: string): unknown {
  const path = new URL(`../../../optimizers/oracles/${name}.json`, import.meta.url);
  return JSON.parse(readFileSync(path, "utf8"));
}
