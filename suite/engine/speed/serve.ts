/** @file A contestant's side of the protocol: prepares a workload once, times its steps. */
import { createInterface } from "node:readline";
import { Bench } from "tinybench";
import type { Answer, Request, Workload } from "./protocol.ts";

/** A workload that is ready to run. */
export interface Prepared {
  readonly step: () => void;
  /** Steps of training that one call of `step` does; 1 if not given. */
  readonly stepsPerCall?: number;
  readonly flops?: number;
  readonly dispose?: () => void;
}

export type Prepare = (workload: Workload) => Promise<Prepared | null>;

/** Answers requests from standard input until it closes. */
export async function serve(name: string, prepare: Prepare): Promise<void> {
  write({ name });
  let current: { key: string; prepared: Prepared } | undefined;
  for await (const line of createInterface({ input: process.stdin })) {
    const request = JSON.parse(line) as Request;
    const key = JSON.stringify([request.case, request.sizes]);
    if (current?.key !== key) {
      current?.prepared.dispose?.();
      current = undefined;
      const prepared = await prepare(request);
      if (prepared === null) {
        write({ error: `no case ${request.case}` });
        continue;
      }
      for (let i = 0; i < request.warmup; i++) prepared.step();
      current = { key, prepared };
    }
    write(time(current.prepared, request.steps));
  }
}

function time({ step, flops, stepsPerCall = 1 }: Prepared, steps: number): Answer {
  const bench = new Bench({ iterations: steps, time: 0, warmup: false, retainSamples: true });
  bench.add("step", step);
  const [task] = bench.runSync();
  const result = task?.result;
  if (result?.state === "errored") return { error: String(result.error) };
  if (result?.state !== "completed") return { error: `the benchmark is ${result?.state}` };
  const samples = result.latency.samples ?? [];
  const milliseconds = samples.map((sample) => sample / stepsPerCall);
  return { milliseconds, ...(flops !== undefined && { flops }) };
}

function write(answer: object): void {
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
