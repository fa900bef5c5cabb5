/** @file The optimizers' folder as it would be with the submission's files in it. */
import { cpSync, mkdirSync, mkdtempSync, readdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { isOptimizerDeclaration } from "../optimizer/declaration.ts";
import { readBlob } from "./changes.ts";
import type { Classified, Owners } from "./classify.ts";

/**
 * Copies the base's `optimizers/` and writes the submitted sources over it. Call it for what
 * `classify` did not refuse: paths and modes are not looked at again.
 *
 * @returns the copy, a temporary folder
 */
export function stageOptimizers(
  optimizers: string,
  repository: string,
  head: string,
  { sources }: Pick<Classified, "sources">,
): string {
  const folder = mkdtempSync(join(tmpdir(), "crossover-optimizers-"));
  cpSync(optimizers, folder, { recursive: true });
  for (const { path } of sources) {
    const target = join(folder, path.slice("optimizers/".length));
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, readBlob(repository, head, path) as Buffer);
  }
  return folder;
}

/** Which file of the base declares which id. Imports the base's own files. */
export async function ownersOf(optimizers: string): Promise<Owners> {
  const names = readdirSync(optimizers).filter(
    (name) => name.endsWith(".ts") && !name.endsWith(".test.ts"),
  );
  const owners = new Map<string, string>();
  for (const name of names) {
    const exported = await import(pathToFileURL(join(optimizers, name)).href);
    for (const one of Object.values(exported).filter(isOptimizerDeclaration)) {
      owners.set(one.id, name.replace(/\.ts$/, ""));
    }
  }
  return owners;
}
