/**
 * @file How many steps of a trial are run together. To start a run takes about as long as the arithmetic
 * of a small step; so small steps are recorded, and a few of them run as one graph: the same operations
 * in the same order. (Their last bit may differ around attention, where ONNX Runtime fuses differently in a
 * longer graph. Hence which steps run together follows from the trial alone, never from a clock.)
 */

/** FLOPs of a step beside which starting its run does not count. */
const LARGE_STEP = 1e8;
/** Eight are no faster than four, and take longer to compile. */
const STEPS_PER_RUN = 4;
/** Steps of a trial that make up for compiling larger graphs: half a second to a second. */
const LONG_TRIAL = 2000;

/** After which steps of this many FLOPs a trial of `steps` steps runs them: multiples of what it returns. */
export function stepsPerRun(steps: number, flops: number): number {
  return steps < LONG_TRIAL || flops >= LARGE_STEP ? 1 : STEPS_PER_RUN;
}
