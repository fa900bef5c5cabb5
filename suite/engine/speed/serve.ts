/** @file A contestant's side of the protocol: prepares a workload once, times its steps. */
import { createInterface } from "node:readline";
import type { Answer, Request, Workload } from "./protocol.ts";
import { timeSteps } from "./time-steps.ts";

/** A workload that is ready to run. */
export interface Prepared {
  readonly step: () => void;
  /** Steps of training that one call of `step` does; 1 if not given. */
  readonly stepsPerCall?: number;
  readonly flops?: number;
  readonly dispose?: () => void;
}

/** Null: no such case. */
export type Prepare = (workload: Workload) => Promise<Prepared | null>;

/** Answers requests from standard input until it closes; a case that fails is answered too. */
export async function serve(name: string, prepare: Prepare): Promise<void> {
  write({ name });
  let current: { key: string; prepared: Prepared } | undefined;
  const answer = async (request: Request): Promise<Answer> => {
    const key = JSON.stringify([request.case, request.sizes, request.stepsPerGraph]);
    if (current?.key !== key) {
      current?.prepared.dispose?.();
      current = undefined;
      const prepared = await prepare(request);
      if (prepared === null) return { absent: true };
      for (let i = 0; i < request.warmup; i++) prepared.step();
      current = { key, prepared };
    }
    return time(current.prepared, request.steps);
  };
  for await (const line of createInterface({ input: process.stdin })) {
    try {
      write(await answer(JSON.parse(line)));
    } catch (error) {
      write({ error: String(error) });
    }
  }
}

function time({ step, flops, stepsPerCall = 1 }: Prepared, steps: number): Answer {
  const milliseconds = timeSteps(step, steps).map((sample) => sample / stepsPerCall);
  return { milliseconds, ...(flops !== undefined && { flops }) };
}

function write(answer: object): void {
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
