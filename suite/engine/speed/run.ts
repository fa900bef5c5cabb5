/**
 * @file `npm run speed:engine`: step times of the engine beside the floor of its runtime (hand-written
 * graphs), TensorFlow where it is built, and PyTorch and JAX where an interpreter with them is given.
 * Contestants take turns (A B A B), each in its own process. Rates are shares of this machine's own
 * peak of matrix multiplication, measured in the same run.
 */
import { parseArgs } from "node:util";
import { defaultThreads } from "../devices.ts";
import { CASES, type Case } from "./cases.ts";
import { type Contestant, ours, peer } from "./contestants.ts";
import type { Refusal } from "./protocol.ts";
import { minimum, notes, type Row, table } from "./table.ts";

const HELP = `npm run speed:engine -- [--case WORD] [--python PATH] [--threads N] [--rounds N] [--json]

  --case WORD     only cases whose name contains WORD; may be given several times
  --python PATH   an interpreter with torch, or jax and optax, as peers
  --threads N     threads of every contestant (default: all cores)
  --rounds N      turns of every contestant per case (default: 5)
  --json          one JSON object on standard output

  npm run speed:engine -- --case "batch 32"
  npm run speed:engine -- --python .venv/bin/python --case ResNet18`;

const PEAK_ORDERS = [1024, 2048];

const OPTIONS = {
  case: { type: "string", multiple: true },
  python: { type: "string" },
  threads: { type: "string" },
  rounds: { type: "string" },
  json: { type: "boolean" },
  help: { type: "boolean" },
} as const;

async function main(): Promise<number> {
  const { values } = parseArgs({ options: OPTIONS });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const [threads, rounds] = [
    Number(values.threads ?? defaultThreads()),
    Number(values.rounds ?? 5),
  ];
  const words = values.case ?? [""];
  const cases = CASES.filter(({ name }) => words.some((word) => name.includes(word)));
  if (cases.length === 0) {
    const names = CASES.map(({ name }) => `  ${name}`).join("\n");
    console.error(`No case's name contains ${words.join(" or ")}. There are:\n${names}`);
    return 2;
  }
  const contestants = await assemble(values.python, threads);
  const names = contestants.map(({ name }) => name).join(", ");
  console.error(`${threads} threads; ${names}`);
  const peak = await measurePeak(contestants);
  console.error(`peak of matrix multiplication: ${peak.toFixed(0)} GFLOP/s`);
  const rows: Row[] = [];
  for (const item of cases) {
    console.error(`  ${item.name}`);
    rows.push(await timeCase(item, contestants, rounds));
  }
  for (const contestant of contestants) contestant.stop();
  const others = contestants.slice(1).map(({ key }) => key);
  if (values.json) console.log(JSON.stringify({ threads, contestants: names, peak, rows }));
  else console.log(`\n${[table(rows, others, peak), ...notes(rows)].join("\n")}`);
  return rows.every(({ milliseconds }) => milliseconds.onnxruntime) ? 0 : 1;
}

/** The engine first, then whoever else can run here. */
async function assemble(python: string | undefined, threads: number): Promise<Contestant[]> {
  const onEnd = (message: string) => console.error(message);
  const starting = [
    ours("onnxruntime", threads, onEnd),
    ours("hand", threads, onEnd),
    ours("tensorflow", threads, onEnd),
  ];
  if (python) {
    const options = { python, threads, onEnd };
    starting.push(peer("torch", options), peer("jax", options));
  }
  return (await Promise.all(starting)).filter((contestant) => contestant !== null);
}

async function measurePeak(contestants: readonly Contestant[]): Promise<number> {
  const hand = contestants.find(({ key }) => key === "hand");
  const rates: number[] = [];
  for (const order of PEAK_ORDERS) {
    const request = { case: "gemm", sizes: { order }, steps: 20, warmup: 5 };
    const answer = await hand?.ask(request);
    if (answer && "milliseconds" in answer) {
      rates.push((2 * order ** 3) / minimum(answer.milliseconds) / 1e6);
    }
  }
  return Math.max(...rates);
}

/** Whoever has no such case, or fails at it, is not asked again. */
async function timeCase(
  item: Case,
  contestants: readonly Contestant[],
  rounds: number,
): Promise<Row> {
  const milliseconds: Record<string, number[]> = {};
  const refusals: Record<string, Refusal> = {};
  let flops: number | undefined;
  const { case: name, sizes, stepsPerGraph, steps } = item;
  const request = { case: name, sizes, stepsPerGraph, steps, warmup: Math.max(5, steps) };
  for (let round = 0; round < rounds; round++) {
    for (const { key, ask } of contestants) {
      if (refusals[key]) continue;
      const answer = await ask(request);
      if ("milliseconds" in answer) {
        milliseconds[key] = [...(milliseconds[key] ?? []), ...answer.milliseconds];
        flops ??= answer.flops;
      } else refusals[key] = answer;
    }
  }
  return { case: item, milliseconds, refusals, ...(flops !== undefined && { flops }) };
}

process.exitCode = await main();
