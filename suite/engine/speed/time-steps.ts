/** @file The clock of every speed benchmark. */
import { Bench } from "tinybench";

/** Milliseconds of each of `count` calls, by tinybench: no call is made but these. Throws what a call throws. */
export function timeSteps(step: () => void, count: number): readonly number[] {
  const bench = new Bench({
    iterations: count,
    time: 0,
    warmup: false,
    retainSamples: true,
    throws: true,
  });
  // Without it tinybench makes one more call, to see whether the step is asynchronous.
  bench.add("step", step, { async: false });
  const [task] = bench.runSync();
  const result = task?.result;
  if (result?.state !== "completed") throw new Error(`The benchmark is ${result?.state}.`);
  return result.latency.samples ?? [];
}
