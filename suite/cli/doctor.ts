/** @file `npm run doctor`: which backends and devices work here, why others do not, what to install. */
import { Command, InvalidArgumentError, Option } from "commander";
import { BACKENDS, DEVICES } from "../engine/devices.ts";
import {
  type Diagnosis,
  type DoctorOptions,
  examine,
  isFit,
  type Report,
  targets,
} from "../engine/doctor.ts";
import { runCommand } from "./run.ts";

const EXAMPLES = `
Examples:
  npm run doctor                          try everything, each in a process of its own
  npm run doctor -- --device cuda         exit code 1 unless every backend works on CUDA
  npm run doctor -- --backend tensorflow --json

Exit codes: 0 what was asked for works (without --backend and --device: onnxruntime on cpu does),
1 it does not, 2 wrong use.`;

const command = new Command("npm run doctor --")
  .description(
    "Which backends and devices work on this machine, why others do not, what to install.",
  )
  .addOption(new Option("--backend <name>", "only this backend").choices(BACKENDS))
  .addOption(new Option("--device <name>", "only this device").choices(DEVICES))
  .option("--threads <n>", "threads to compute with (default: all cores)", positiveInteger)
  .option("--json", "print one JSON object")
  .addHelpText("after", EXAMPLES)
  .allowExcessArguments(false)
  .action(async ({ json, ...options }: DoctorOptions & { json?: boolean }) => {
    if (targets(options).length === 0) {
      command.error(`error: the backend ${options.backend} has no device ${options.device}.`);
    }
    const report = await examine(options);
    const fit = isFit(report, options);
    process.stdout.write(json ? `${JSON.stringify({ fit, ...report }, null, 2)}\n` : text(report));
    process.exitCode = fit ? 0 : 1;
  });

function positiveInteger(value: string): number {
  const count = Number(value);
  if (Number.isInteger(count) && count > 0) return count;
  throw new InvalidArgumentError("Give a whole number of at least 1.");
}

function text({ machine, engines, warnings }: Report): string {
  const clock = machine.clock ? ` at ${machine.clock} MHz` : "";
  const facts = [
    ["processor", `${machine.processor}, ${machine.threads} threads${clock}`],
    ["memory", `${machine.memory.total} GiB, ${machine.memory.free} GiB free`],
    ["system", `${machine.system}, Node ${machine.node}`],
    ...(machine.gpus.length ? [] : [["GPU", "no NVIDIA driver answers (nvidia-smi)"]]),
    ...machine.gpus.map(({ name, driver, memory, clock: now, maxClock }) => [
      "GPU",
      `${name}, ${memory} MiB, driver ${driver}, ${now} of ${maxClock} MHz`,
    ]),
  ];
  const rows = engines.map((one) => [
    one.backend,
    one.device,
    one.works ? "works" : "no",
    one.works ? `${one.runtime} · ${one.deviceClass}` : one.summary,
  ]);
  const advice = engines.flatMap((one) => adviceFor(one));
  return [
    columns(facts),
    columns([["backend", "device", "", ""], ...rows]),
    ...(advice.length ? [`To have the others:\n${advice.join("\n")}\n`] : []),
    ...(warnings.length ? [`Mind:\n${warnings.map((line) => `- ${line}`).join("\n")}\n`] : []),
  ].join("\n");
}

function adviceFor(one: Diagnosis): string[] {
  return one.works || !one.hint ? [] : [`- ${one.backend} on ${one.device}: ${one.hint}`];
}

/** Left-aligned columns, two spaces apart; the last one is as long as it likes. */
function columns(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, k) =>
    Math.max(...rows.map((row) => (row[k] ?? "").length)),
  );
  return rows
    .map(
      (row) =>
        `${row
          .map((cell, k) => cell.padEnd(widths[k] ?? 0))
          .join("  ")
          .trimEnd()}\n`,
    )
    .join("");
}

await runCommand(command);
