/**
 * @file `npm run gpu-proof`: everything that only a GPU can prove, in one run and one JSON file.
 * For each device that works: tfjs-core's own tests, a fixed training compared with the processor's,
 * step times, and mnist-mlp trials of a first-order and a second-order optimizer.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { lastJson, runNode } from "../child.ts";
import { gpuModel, SOFTWARE_GPU } from "../devices.ts";
import { type Diagnosis, examine, type Report } from "../doctor.ts";
import {
  agreement,
  type Conformance,
  type DeviceProof,
  readConformance,
  summary,
  verdict,
} from "./gpu-proof-result.ts";
import type { TrainingProof } from "./gpu-proof-run.ts";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const SECONDS = { conformance: 1200, training: 600, trials: 900 };

const say = (line: string) => process.stderr.write(`${line}\n`);

async function proveDevice(engine: Diagnosis, { machine }: Report): Promise<DeviceProof> {
  const { backend, device } = engine;
  const gpu = device === "cpu" ? undefined : gpuModel(device);
  const proof: DeviceProof = { engine, ...(gpu ? { gpu } : {}), broken: [] };
  if (!engine.works) return proof;
  const check = async <T>(name: string, work: () => Promise<T>): Promise<T | undefined> => {
    say(`${backend} on ${device}: ${name} ...`);
    try {
      return await work();
    } catch (error) {
      proof.broken.push(`${name} ${(error as Error).message}`);
      return undefined;
    }
  };
  const size = gpu === SOFTWARE_GPU ? "small" : "large";
  const training = await check("training", () => train(engine, machine.threads, size));
  Object.assign(proof, training);
  if (device === "cpu") return proof;
  const conformance = await check("conformance", () => conform(engine));
  const trials = await check("mnist-mlp trials", () => runTrials(engine));
  return { ...proof, ...(conformance && { conformance }), ...(trials && { trials }) };
}

async function train(
  { backend, device }: Diagnosis,
  threads: number,
  size: string,
): Promise<TrainingProof> {
  const script = [resolve(ROOT, "suite/engine/scripts/gpu-proof-run.ts")];
  const choice = [backend, device, String(threads), size];
  const output = await outputOf([...script, ...choice], SECONDS.training);
  const proof = lastJson<TrainingProof>(output);
  if (!proof) throw new Error("printed no result");
  return proof;
}

async function conform({ backend, device }: Diagnosis): Promise<Conformance> {
  const loader = resolve(ROOT, "suite/engine/scripts/conformance-tensorflow.ts");
  const output = await outputOf(
    [
      ...(backend === "tensorflow" ? ["--import", loader] : []),
      resolve(ROOT, "suite/engine/conformance/run.ts"),
    ],
    SECONDS.conformance,
    { CONFORMANCE_BACKEND: backend, CONFORMANCE_DEVICE: device },
  );
  return readConformance(output);
}

async function runTrials({ backend, device }: Diagnosis): Promise<unknown[]> {
  const output = await outputOf(
    [
      resolve(ROOT, "suite/cli/bench.ts"),
      ...["--task", "mnist-mlp", "--optimizer", "sgd,kfac", "--batch-size", "256", "--seed", "1"],
      ...["--backend", backend, "--device", device, "--workers", "1", "--json"],
    ],
    SECONDS.trials,
  );
  const trials = output.split("\n").flatMap((line) => lastJson<unknown>(line) ?? []);
  if (trials.length === 0) throw new Error("finished no trial");
  return trials;
}

/** Standard output of a TypeScript file; conformance may end with 1, having failed some specs. */
async function outputOf(
  file: readonly string[],
  seconds: number,
  environment: Record<string, string> = {},
): Promise<string> {
  const { output, failure } = await runNode(["--import", "tsx", ...file], { seconds, environment });
  if (failure && !/^conformance: /m.test(output)) throw new Error(failure);
  return output;
}

function commit(): { commit: string; dirty: boolean } {
  try {
    const git = (...words: string[]) => execFileSync("git", words, { cwd: ROOT, encoding: "utf8" });
    return { commit: git("rev-parse", "HEAD").trim(), dirty: git("status", "--porcelain") !== "" };
  } catch {
    return { commit: "unknown", dirty: false };
  }
}

async function prove({ out }: { out: string }): Promise<void> {
  say("doctor: every backend on every device ...");
  const report = await examine();
  const isGpu = ({ device, works }: Diagnosis) => device !== "cpu" && works;
  const devices: DeviceProof[] = [];
  for (const engine of report.engines) {
    // The processor's own numbers are there to compare a GPU with.
    const wanted = engine.backend !== "reference" && report.engines.some(isGpu);
    devices.push(wanted ? await proveDevice(engine, report) : { engine, broken: [] });
  }
  const baseline = devices.find(
    ({ engine }) => engine.backend === "onnxruntime" && engine.device === "cpu",
  )?.losses;
  for (const device of devices) {
    if (device.losses && baseline) device.agreement = agreement(device.losses, baseline);
  }
  const result = {
    schemaVersion: 1,
    ...verdict(devices),
    startedAt: new Date().toISOString(),
    ...commit(),
    machine: report.machine,
    warnings: report.warnings,
    devices,
  };
  mkdirSync(dirname(resolve(out)), { recursive: true });
  writeFileSync(out, `${JSON.stringify(result, null, 2)}\n`);
  for (const device of devices) say(summary(device));
  process.stdout.write(`${result.verdict}\nWritten: ${out}\n`);
  process.exitCode = result.proof ? 0 : 1;
}

await new Command("npm run gpu-proof --")
  .description("Runs everything that only a GPU can prove and writes one JSON file.")
  .option("--out <file>", "where to write it", ".crossover/gpu-proof.json")
  .addHelpText(
    "after",
    `
Takes 10 to 30 minutes. Run \`npm run doctor\` first: it says what to install.

Examples:
  npm run gpu-proof
  npm run gpu-proof -- --out results/speed/gpu-proof.json     the file that the site reads

Exit codes: 0 every GPU device that works here was right, 1 one was not or there is no GPU, 2 wrong use.`,
  )
  .allowExcessArguments(false)
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2))
  .action(prove)
  .parseAsync();
