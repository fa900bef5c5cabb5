/** @file `npm run lint:workflows`: actionlint and the schemas of actions over every workflow. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { createLinter } from "actionlint";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const FOLDER = join(ROOT, ".github/workflows");

/**
 * What GitHub has and the published linters do not know yet, each put in older words before they look:
 * the only exceptions there are.
 */
const NEWER: readonly (readonly [pattern: RegExp, older: string])[] = [
  // The hosted image of 2024 and our own runners' label; this build of actionlint reads no settings.
  [/runs-on: ubuntu-24\.04$/gm, "runs-on: ubuntu-22.04"],
  [/runs-on: \[self-hosted, crossover-gpu\]$/gm, "runs-on: [self-hosted]"],
  // The permission of artifact attestations, of 2024.
  [/^ +attestations: write$/gm, ""],
];

/** One line per finding of either linter; empty when there is none. */
export async function workflowFindings(folder = FOLDER): Promise<string[]> {
  const files = readdirSync(folder).filter((name) => name.endsWith(".yml"));
  const lint = await createLinter();
  const older = mkdtempSync(join(tmpdir(), "crossover-workflows-"));
  for (const name of files) {
    const text = readFileSync(join(folder, name), "utf8");
    writeFileSync(
      join(older, name),
      NEWER.reduce((known, [pattern, words]) => known.replace(pattern, words), text),
    );
  }
  const findings = files.flatMap((name) =>
    lint(readFileSync(join(older, name), "utf8"), `.github/workflows/${name}`).map(
      ({ file, line, column, message, kind }) =>
        `actionlint: ${basename(file)}:${line}:${column}: ${message} [${kind}]`,
    ),
  );
  const validator = createRequire(import.meta.url).resolve("@action-validator/cli/cli.mjs");
  for (const name of files) {
    try {
      execFileSync(process.execPath, [validator, join(older, name)], { stdio: "pipe" });
    } catch (error) {
      const { stdout, stderr } = error as { stdout: Buffer; stderr: Buffer };
      findings.push(`action-validator: ${name}: ${stdout}${stderr}`.trim());
    }
  }
  rmSync(older, { recursive: true });
  return findings;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const findings = await workflowFindings();
  for (const finding of findings) process.stdout.write(`${finding}\n`);
  process.stdout.write(`${findings.length} findings\n`);
  if (findings.length > 0) process.exitCode = 1;
}
