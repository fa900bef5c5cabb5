/** @file Parsers of command-line values that several commands share. */
import type { Configuration } from "../optimizer/search.ts";
import { UsageError } from "../protocol/error.ts";

/** `64,1024` */
export function positiveIntegers(option: string) {
  return (text: string): number[] => text.split(",").map((part) => positiveInteger(option)(part));
}

export function positiveInteger(option: string) {
  return (text: string): number => wholeNumber(option, text, 1);
}

/** Seeds count from 0. */
export function naturalNumber(option: string) {
  return (text: string): number => wholeNumber(option, text, 0);
}

function wholeNumber(option: string, text: string, least: number): number {
  const value = Number(text.trim());
  if (text.trim() !== "" && Number.isSafeInteger(value) && value >= least) return value;
  throw new UsageError(
    `${option} was given "${text}".`,
    `It takes whole numbers from ${least} up, e.g. ${option} 64 or, for several, ${option} 64,1024.`,
  );
}

export const names = (text: string): string[] => text.split(",").map((name) => name.trim());

/** `learningRate=0.1,damping=1e-3,statistics=batch` */
export function configuration(text: string): Configuration {
  return Object.fromEntries(
    text.split(",").map((part) => {
      const [name, value] = part.split("=").map((word) => word.trim());
      if (!name || value === undefined || value === "") {
        throw new UsageError(
          `--set was given "${part}".`,
          "It takes name=value pairs, e.g. --set learningRate=0.1,damping=0.001.",
        );
      }
      return [name, plainValue(value)];
    }),
  );
}

function plainValue(text: string): number | string | boolean {
  if (text === "true" || text === "false") return text === "true";
  const number = Number(text);
  return Number.isNaN(number) ? text : number;
}

/** Part `part` (from 1) of `parts`. */
export interface Shard {
  readonly part: number;
  readonly parts: number;
}

/** `3/16` */
export function shard(text: string): Shard {
  const [part, parts] = text.split("/").map(Number);
  if (Number.isInteger(part) && Number.isInteger(parts)) {
    const found = { part: part as number, parts: parts as number };
    if (found.part >= 1 && found.part <= found.parts) return found;
  }
  throw new UsageError(`--shard was given "${text}".`, "It takes part/parts, e.g. --shard 3/16.");
}
