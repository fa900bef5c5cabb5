/**
 * @file `npm run conformance`: tfjs-core's own published tests against the backend `onnxruntime`.
 *
 * Exits with 1 if a spec fails, if fewer pass than tfjs's cpu backend passes, or if an exception no
 * longer names a spec. `CONFORMANCE_BACKEND=cpu` runs the same bundle against tfjs's cpu backend.
 */
import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";
import Jasmine from "jasmine";
import { EXCEPTIONS } from "./exceptions.ts";

/** Specs that tfjs 4.22's cpu backend passes. */
const REFERENCE_PASSES = 4227;
const EXCEPTION_LIMIT = 10;

const here = dirname(fileURLToPath(import.meta.url));
/** Inside node_modules, so that the bundle's external packages resolve. */
const cache = join(here, "../../../node_modules/.cache/crossover-conformance");

interface Outcome {
  passed: number;
  pending: number;
  excepted: Set<string>;
  failures: { name: string; message: string }[];
}

async function bundle(): Promise<string> {
  await mkdir(cache, { recursive: true });
  const outfile = join(cache, "bundle.mjs");
  await build({
    entryPoints: [join(here, "entry.ts")],
    outfile,
    bundle: true,
    // The package declares itself free of side effects: its tests would be shaken away.
    ignoreAnnotations: true,
    platform: "node",
    format: "esm",
    mainFields: ["module", "main"],
    external: ["onnxruntime-node", "onnx-proto", "jasmine", "jasmine-core"],
    banner: {
      js: 'import { createRequire as bundleRequire } from "node:module"; const require = bundleRequire(import.meta.url);',
    },
    logLevel: "error",
  });
  return outfile;
}

async function runSpecs(file: string): Promise<Outcome> {
  const jasmine = new Jasmine({ projectBaseDir: cache });
  jasmine.loadConfig({ random: false });
  jasmine.exitOnCompletion = false;
  jasmine.clearReporters();
  const excepted = new Set<string>();
  const outcome: Outcome = { passed: 0, pending: 0, excepted, failures: [] };
  jasmine.env.configure({
    specFilter: (spec: { getFullName(): string }) => {
      const exception = EXCEPTIONS.find((entry) => isSpec(spec.getFullName(), entry.spec));
      if (exception) excepted.add(exception.spec);
      return exception === undefined;
    },
  });
  jasmine.addReporter({
    specDone: ({ status, fullName, failedExpectations }) => {
      if (status === "passed") outcome.passed++;
      else if (status === "failed") {
        outcome.failures.push({ name: fullName, message: failedExpectations[0]?.message ?? "" });
      } else if (status === "pending") outcome.pending++;
    },
  });
  await import(pathToFileURL(file).href);
  await jasmine.execute();
  return outcome;
}

/** tfjs puts the backend's name into every spec's: "abs onnxruntime {} basic". */
function isSpec(fullName: string, spec: string): boolean {
  return fullName.replace(/ \S+ \{[^}]*\} /, " ") === spec;
}

const { passed, pending, excepted, failures } = await runSpecs(await bundle());
const verbose = process.argv.includes("--verbose");
for (const { name, message } of failures) {
  console.log(`FAILED ${name}\n       ${verbose ? message : message.slice(0, 200)}`);
}
const stale = EXCEPTIONS.filter((entry) => !entry.undefinedHere && !excepted.has(entry.spec));
for (const { spec } of stale) console.log(`UNKNOWN EXCEPTION ${spec}`);
const listed = EXCEPTIONS.length;
console.log(
  `conformance: ${passed} passed, ${failures.length} failed, ${listed} excepted, ${pending} pending; tfjs's cpu backend passes ${REFERENCE_PASSES}`,
);
const complete = passed + listed >= REFERENCE_PASSES && listed <= EXCEPTION_LIMIT;
process.exit(failures.length === 0 && stale.length === 0 && complete ? 0 : 1);
