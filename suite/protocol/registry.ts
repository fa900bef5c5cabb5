/** @file The optimizers that are there: whatever the files of `optimizers/` export. */
import { readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { isOptimizerDeclaration, type OptimizerDeclaration } from "../optimizer/declaration.ts";
import { UsageError, unknownName } from "./error.ts";

export const OPTIMIZERS = fileURLToPath(new URL("../../optimizers/", import.meta.url));

/** A file that could not be used, and why: the others still are. */
export interface FaultyFile {
  readonly file: string;
  readonly reason: string;
}

export interface OptimizerRegistry {
  /** By `order`, then by id. */
  readonly optimizers: readonly OptimizerDeclaration[];
  readonly faults: readonly FaultyFile[];
}

/** Every optimizer that a file of the folder exports; tests and sub-folders are not looked at. */
export async function loadOptimizers(folder = OPTIMIZERS): Promise<OptimizerRegistry> {
  const files = readdirSync(folder)
    .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"))
    .sort();
  const loaded = await Promise.all(files.map((name) => loadFile(join(folder, name))));
  const owners = new Map<string, string>();
  const optimizers: OptimizerDeclaration[] = [];
  const faults: FaultyFile[] = [];
  for (const { file, declarations, reason } of loaded) {
    if (reason) faults.push({ file, reason });
    for (const declaration of declarations) {
      const owner = owners.get(declaration.id);
      if (owner) {
        faults.push({ file, reason: `field "id": "${declaration.id}" is taken by ${owner}` });
        continue;
      }
      owners.set(declaration.id, basename(file));
      optimizers.push(declaration);
    }
  }
  optimizers.sort((a, b) => a.order - b.order || (a.id < b.id ? -1 : 1));
  return { optimizers, faults };
}

/** @throws UsageError for an unknown id; it names the files that could not be loaded. */
export async function loadOptimizer(id: string, folder?: string): Promise<OptimizerDeclaration> {
  const { optimizers, faults } = await loadOptimizers(folder);
  const found = optimizers.find((one) => one.id === id);
  if (found) return found;
  const { message, hint } = unknownName(
    "optimizer",
    id,
    optimizers.map((one) => one.id),
  );
  throw new UsageError([message, ...faults.map(faultMessage)].join("\n"), hint);
}

/** One line for a person. */
export function faultMessage({ file, reason }: FaultyFile): string {
  return `optimizers/${basename(file)} was left out: ${reason}.`;
}

interface LoadedFile {
  readonly file: string;
  readonly declarations: readonly OptimizerDeclaration[];
  readonly reason?: string;
}

async function loadFile(file: string): Promise<LoadedFile> {
  try {
    const exported: unknown[] = Object.values(await import(pathToFileURL(file).href));
    const declarations = exported.filter(isOptimizerDeclaration);
    if (declarations.length > 0) return { file, declarations };
    return { file, declarations, reason: "it exports no result of defineOptimizer({…})" };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { file, declarations: [], reason: reason.replace(/\.$/, "") };
  }
}
