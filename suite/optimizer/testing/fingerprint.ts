/** @file A few numbers that tell what an optimizer computes at its defaults. */
import type { OptimizerDeclaration } from "../declaration.ts";
import { SMALL_MODELS } from "./small-models.ts";
import { smallRun } from "./small-run.ts";

const STEPS = 4;

/** A key bias: its gradient is exactly zero, so that rounding alone would move it. */
const UNDETERMINED = { parameter: "qkv.bias", from: 4, to: 8 };

/**
 * Per small model, after four steps at the defaults: the loss, and the parameters' sum with weights
 * that differ for each. Run on the backend `reference`.
 */
export function optimizerFingerprint(declaration: OptimizerDeclaration): number[] {
  return SMALL_MODELS.flatMap((model) => {
    const run = smallRun(declaration, model);
    for (let step = 0; step < STEPS; step++) run.step();
    const names = run.parameterNames();
    const values = run.parameters().flatMap((parameter, i) => {
      const { from, to } = UNDETERMINED;
      return names[i] === UNDETERMINED.parameter
        ? [...parameter.fill(0, from, to)]
        : [...parameter];
    });
    const projection = values.reduce(
      (sum, value, i) => sum + value * (0.5 + ((7 * i) % 11) / 11),
      0,
    );
    const loss = run.loss();
    run.dispose();
    return [loss, projection];
  });
}
