/** @file When a training run counts as diverged. */

const FACTOR = 10;
const IN_A_ROW = 3;

/**
 * Watches evaluation losses: not finite at once, or above 10 times the first one at three
 * evaluations in a row. Returns the reason, or undefined while all is well.
 */
export function divergenceWatch(): (step: number, loss: number) => string | undefined {
  let start: number | undefined;
  let high = 0;
  return (step, loss) => {
    if (!Number.isFinite(loss)) return `loss ${loss} at step ${step}`;
    start ??= loss;
    high = loss > FACTOR * start ? high + 1 : 0;
    if (high < IN_A_ROW) return undefined;
    return `loss ${loss.toPrecision(3)} at step ${step}, over ${FACTOR} times its start ${start.toPrecision(3)} at ${IN_A_ROW} evaluations in a row`;
  };
}
