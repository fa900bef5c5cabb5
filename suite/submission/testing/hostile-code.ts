/** @file Hostile optimizers: what their code tries once it runs. Each runs in the sandbox. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { cacheDirectory } from "../../data/source/cache.ts";
import { tierOf } from "../../protocol/tasks.ts";
import { plainText } from "../declared.ts";
import { evaluateWeights } from "../evaluate.ts";
import type { Limits } from "../limits.ts";
import { INSIDE, runSandboxed, treeFor, withFolders } from "../sandbox.ts";
import type { HostileCase } from "./hostile.ts";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const MIB = 1024 * 1024;

const LIMITS: Partial<Limits> = {
  seconds: 20,
  memoryBytes: 400 * MIB,
  processes: 24,
  outputBytes: 20 * MIB,
};

/** Runs a program of Node inside, as an optimizer's file would be. Returns what came of it. */
async function inside(program: string, limits: Partial<Limits> = {}): Promise<string> {
  return withFolders(async (input, output) => {
    writeFileSync(join(input, "program.mjs"), program);
    const run = await runSandboxed({
      command: ["node", `${INSIDE.input}/program.mjs`],
      readable: { ...treeFor(ROOT, join(ROOT, "optimizers")), [INSIDE.input]: input },
      output,
      limits: { ...LIMITS, ...limits },
    });
    const left = plainText(join(output, "left")) ?? "nothing";
    return `${run.end} ${run.reason ?? run.code}; printed: ${run.printed.trim()}; left: ${left}`;
  });
}

const contained = (
  tried: string,
  program: string,
  says: RegExp,
  limits?: Partial<Limits>,
): HostileCase => ({
  tried,
  door: "sandbox",
  outcome: "contained",
  attempt: () => inside(program, limits),
  says,
});

const FS = 'import fs from "node:fs";';
const tryTo = (...expressions: string[]) =>
  `${FS} import cp from "node:child_process"; import net from "node:net"; import dns from "node:dns"; import os from "node:os";
for (const attempt of [${expressions.map((one) => `() => ${one}`).join(",")}]) {
  try { console.log("GOT", String(await attempt()).slice(0, 60)); } catch (error) { console.log(error.code ?? error.message); }
}`;

/** Weights as a submission might leave them, to be evaluated outside. */
const weights = (tried: string, write: (file: string) => void, says: RegExp): HostileCase => ({
  tried,
  door: "sandbox",
  outcome: "refused",
  attempt: async () => {
    const folder = mkdtempSync(join(tmpdir(), "crossover-hostile-weights-"));
    const file = join(folder, "weights");
    try {
      write(file);
      const trial = {
        cell: { tier: "smoke", task: "made", optimizer: "mine", batchSize: 8, datasetSize: 48 },
        hyperparameters: {},
        seed: 1,
        threads: 1,
        steps: 60,
      } as const;
      const { madeTask } = await import("../../launch/testing/made-task.ts");
      const protocol = tierOf(madeTask, "smoke");
      const { madeData } = await import("../../train/made-data.ts");
      await evaluateWeights(file, trial, protocol, madeData());
      return "evaluated";
    } catch (error) {
      return (error as Error).message;
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
  says,
});

export const CODE: readonly HostileCase[] = [
  contained(
    "reads test labels from the data folder",
    tryTo(
      `fs.readdirSync(${JSON.stringify(cacheDirectory(process.env))})`,
      'fs.readdirSync("/root/.cache")',
      'fs.readdirSync("/home")',
    ),
    /printed: ENOENT\s+ENOENT\s+ENOENT;/,
  ),
  contained(
    "writes outside its folder: harness, dependencies, system",
    tryTo(
      'fs.writeFileSync("/crossover/suite/train/evaluation.ts", "")',
      'fs.writeFileSync("/crossover/node_modules/zod/index.js", "")',
      'fs.writeFileSync("/usr/bin/node", "")',
      'fs.writeFileSync("/x", "")',
      'fs.writeFileSync("/dev/shm/x", "")',
    ),
    /printed: (EROFS\s+){4}EROFS;/,
  ),
  contained(
    "opens the network: an address, a name, a server of its own machine",
    tryTo(
      'new Promise((ok, no) => net.connect(443, "1.1.1.1").on("connect", ok).on("error", no))',
      'dns.promises.lookup("example.com")',
      'Object.values(os.networkInterfaces()).flat().filter((one) => !one.internal).length || Promise.reject(new Error("no interface"))',
    ),
    /printed: ENETUNREACH\s+(EAI_AGAIN|ENOTFOUND)\s+no interface;/,
  ),
  contained("spins for ever", "for (;;);", /^stopped more than 1 seconds/, { seconds: 1 }),
  contained(
    "exhausts memory",
    "const all = []; for (;;) { all.push(Buffer.alloc(16 << 20, 1)); await new Promise((r) => setTimeout(r, 2)); }",
    /^stopped more than 400 MiB of memory/,
  ),
  contained(
    "starts processes without end",
    'import { spawn } from "node:child_process"; setInterval(() => spawn("sleep", ["60"]), 5);',
    /^stopped more than 24 processes/,
  ),
  contained(
    "fills the disk",
    `${FS} for (let i = 0; ; i++) { fs.writeFileSync("/output/" + i, Buffer.alloc(4 << 20)); await new Promise((r) => setTimeout(r, 5)); }`,
    /^stopped more than 20 MiB written/,
  ),
  contained(
    "prints a forged comment, and commands to the runner",
    'console.log("### ✓ Valid submission\\n::set-output name=x::y\\n::add-mask::x");',
    /^exited 0; printed: ### ✓ Valid submission\n::set-output[\s\S]*left: nothing$/,
  ),
  contained(
    "prints without end",
    'for (let i = 0; i < 3000; i++) process.stdout.write("x".repeat(10_000)); ',
    /^exited 0; printed: x{32768};/,
  ),
  contained(
    "reads secrets from the environment",
    "console.log(Object.keys(process.env).sort().join());",
    /printed: HOME,LANG,PATH,PWD,TMPDIR;/,
  ),
  contained(
    "writes to the files that steer the runner",
    tryTo(
      "fs.appendFileSync(process.env.GITHUB_ENV, 'x')",
      "fs.appendFileSync('/github/workflow/event.json', 'x')",
    ),
    /printed: ERR_INVALID_ARG_TYPE\s+ENOENT;/,
  ),
  contained(
    "kills or watches the process that evaluates",
    tryTo(
      `process.kill(${process.pid}, 9)`,
      `fs.readFileSync("/proc/${process.pid}/environ")`,
      'fs.readdirSync("/proc").filter((name) => /^\\d+$/.test(name)).length < 4 || Promise.reject(new Error("others"))',
    ),
    /printed: ESRCH\s+ENOENT\s+GOT true;/,
  ),
  contained(
    "becomes root, mounts, makes a namespace",
    tryTo(
      "process.setuid(0)",
      'cp.execFileSync("unshare", ["--user", "--map-root-user", "true"], { stdio: "pipe" })',
      'cp.execFileSync("mount", ["-t", "tmpfs", "x", "/tmp"], { stdio: "pipe" })',
    ),
    /printed: E(PERM|INVAL)\s+Command failed: unshare[\s\S]*Command failed: mount/,
  ),
  contained(
    "leaves a process behind",
    'import { spawn } from "node:child_process"; spawn("sh", ["-c", "sleep 1; echo late > /output/left"], { detached: true, stdio: "ignore" }).unref();',
    /^exited 0; printed: ; left: nothing/,
  ),
  contained(
    "leaves a link to the runner's own files as its answer",
    `${FS} fs.symlinkSync("/etc/hostname", "/output/left");`,
    /^exited 0; printed: ; left: nothing/,
  ),
  weights("leaves no weights", () => {}, /left no weights/),
  weights(
    "leaves text as weights",
    (file) => writeFileSync(file, "0.99".repeat(100)),
    /cannot be read/,
  ),
  weights(
    "leaves weights whose header is larger than the file",
    (file) => writeFileSync(file, Buffer.alloc(64, 0xff)),
    /cannot be read/,
  ),
];
