/** @file Optimizers, tasks and studies as they declare themselves. */
import {
  isOptimizerDeclaration,
  type OptimizerDeclaration,
} from "../../../suite/optimizer/declaration.ts";
import { isTaskDeclaration, type TaskDeclaration } from "../../../suite/protocol/task.ts";

export { STUDIES } from "../../../suite/studies/index.ts";

type Module = Readonly<Record<string, unknown>>;

const optimizerModules = import.meta.glob<Module>([
  "../../../optimizers/*.ts",
  "!../../../optimizers/*.test.ts",
]);
const taskModules = import.meta.glob<Module>("../../../tasks/*/index.ts");

async function exportsOf(modules: Readonly<Record<string, () => Promise<Module>>>) {
  const loaded = await Promise.all(
    Object.entries(modules).map(async ([file, load]) => ({
      file,
      values: Object.values(await load()),
    })),
  );
  return loaded.flatMap(({ file, values }) => values.map((value) => ({ file, value })));
}

export interface CataloguedOptimizer {
  readonly declaration: OptimizerDeclaration;
  /** Path in the repository. */
  readonly file: string;
}

const fileOf = (path: string) => path.replace(/^(\.\.\/)+/, "");

/** In the order that they declare. */
export const OPTIMIZERS: readonly CataloguedOptimizer[] = (await exportsOf(optimizerModules))
  .flatMap(({ file, value }) =>
    isOptimizerDeclaration(value) ? [{ declaration: value, file: fileOf(file) }] : [],
  )
  .sort(({ declaration: a }, { declaration: b }) => a.order - b.order || (a.id < b.id ? -1 : 1));

export const TASKS: readonly TaskDeclaration[] = (await exportsOf(taskModules))
  .flatMap(({ value }) => (isTaskDeclaration(value) ? [value] : []))
  .sort((a, b) => a.order - b.order);

/** The tiers that boards are made of; `smoke` is for trying out. */
export const BOARD_TIERS = ["mini", "paper"] as const;
export type BoardTier = (typeof BOARD_TIERS)[number];

const byId = new Map(OPTIMIZERS.map((one) => [one.declaration.id, one]));

export function optimizerOf(id: string): CataloguedOptimizer | undefined {
  return byId.get(id);
}

/** The name to print; an id whose file is gone prints as it is. */
export function nameOf(id: string): string {
  return byId.get(id)?.declaration.name ?? id;
}

/** Place in every list and in the palette. */
export function rankOf(id: string): number {
  const index = OPTIMIZERS.findIndex(({ declaration }) => declaration.id === id);
  return index < 0 ? OPTIMIZERS.length : index;
}

export function familyOf(id: string): string {
  return byId.get(id)?.declaration.family ?? "removed";
}
