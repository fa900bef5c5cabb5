/** @file Optimizers, tasks and studies as they declare themselves. */
import {
  isOptimizerDeclaration,
  type OptimizerDeclaration,
} from "../../../suite/optimizer/declaration.ts";
import { isTaskDeclaration, type TaskDeclaration } from "../../../suite/protocol/task.ts";
import { PAPER_OPTIMIZERS } from "../../../suite/studies/study.ts";
import { namer } from "../named.ts";

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

/** The method that a file declares first, if this is a variant of it: `kfac` of `kfac-local`. */
export function variantOf(id: string): string | undefined {
  const file = byId.get(id)?.file;
  const first = OPTIMIZERS.find((one) => one.file === file)?.declaration.id;
  return file === undefined || first === id ? undefined : first;
}

export function taskName(id: string): string {
  return TASKS.find((task) => task.id === id)?.name ?? id;
}

/** A sentence of the analysis with names in place of ids. */
export const named = namer(OPTIMIZERS.map(({ declaration: { id, name } }) => [id, name] as const));

/** Groups that a board shows in one click: families, and what a method looks at. */
export const GROUPS = [
  ["first-order", "first-order"],
  ["large-batch", "large-batch"],
  ["second-order", "second-order"],
  ["orthogonal", "orthogonalised"],
  ["layers", "Kronecker, from layer inputs"],
  ["hessian", "Hessian-vector"],
  ["paper", "the paper's"],
] as const;

/** The groups of an optimizer, by its declaration. */
export function groupsOf(id: string): string[] {
  const declaration = byId.get(id)?.declaration;
  if (!declaration) return [];
  const { family, needs } = declaration;
  return [
    family,
    ...(needs.layerInputs ? ["layers"] : []),
    ...(needs.hessianVectors ? ["hessian"] : []),
    ...((PAPER_OPTIMIZERS as readonly string[]).includes(id) ? ["paper"] : []),
  ];
}

/** Place in every list and in the palette. */
export function rankOf(id: string): number {
  const index = OPTIMIZERS.findIndex(({ declaration }) => declaration.id === id);
  return index < 0 ? OPTIMIZERS.length : index;
}

export function familyOf(id: string): string {
  return byId.get(id)?.declaration.family ?? "removed";
}
