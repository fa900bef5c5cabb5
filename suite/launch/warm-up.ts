/** @file When a training step has become as fast as it stays. */

/** The first steps compile, and learn which scalars change. */
export const COLD_STEPS = 4;

/** Steps after which the JavaScript of a step is optimized code. */
const STEPS = 40;
const LEAST_MS = 250;
/** Steps that take longer than 25 ms are hardly JavaScript: they need no more than this. */
const MOST_MS = 1000;

/** Whether a step that was done `steps` times in `milliseconds`, after the cold ones, is warm. */
export function isWarm(steps: number, milliseconds: number): boolean {
  return milliseconds >= MOST_MS || (steps >= STEPS && milliseconds >= LEAST_MS);
}

/** Steps until the step is warm; `cold` of them first. */
export function warmUp(step: () => void, cold = COLD_STEPS): void {
  for (let done = 0; done < cold; done++) step();
  const began = performance.now();
  for (let done = 0; !isWarm(done, performance.now() - began); done++) step();
}
