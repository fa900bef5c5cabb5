/** @file The files that a new optimizer starts from. */
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { UsageError } from "../protocol/error.ts";
import { loadOptimizers } from "../protocol/registry.ts";
import { exportName, requireName, titleOf } from "./scaffold-names.ts";

/**
 * Writes `<name>.ts` and `<name>.test.ts`; returns their paths.
 *
 * @throws UsageError for a name that is taken or none.
 */
export async function scaffoldOptimizer(name: string, folder: string): Promise<string[]> {
  requireName(name, "optimizer");
  const files = [
    [join(folder, `${name}.ts`), optimizerText(name)],
    [join(folder, `${name}.test.ts`), testText(name)],
  ] as const;
  const { optimizers } = await loadOptimizers(folder);
  if (optimizers.some(({ id }) => id === name) || files.some(([file]) => existsSync(file))) {
    throw new UsageError(
      `There is an optimizer "${name}" already.`,
      `Choose another name, or edit optimizers/${name}.ts.`,
    );
  }
  for (const [file, text] of files) writeFileSync(file, text, { flag: "wx" });
  return files.map(([file]) => file);
}

const optimizerText = (name: string): string => `/**
 * @file ${titleOf(name)}: what it does, in one sentence.
 *
 *   b ← μb + (1 − μ)g,   θ ← θ − η b/(1 − μᵗ)      g  gradient, b  its moving average, t  steps so far
 *
 * Author, year, link. Differences from the source. FLOPs and floats of state per parameter.
 */
import * as tf from "@tensorflow/tfjs-core";
import { z } from "zod";
import { defineOptimizer } from "../suite/optimizer/declaration.ts";
import { firstOrder } from "../suite/optimizer/first-order.ts";
import { clipNorm, learningRate, momentum } from "../suite/optimizer/hyperparameters.ts";
import { logUniform } from "../suite/optimizer/search.ts";

export const ${exportName(name, "Optimizer")} = defineOptimizer({
  id: "${name}",
  name: "${titleOf(name)}",
  family: "first-order",
  version: 1,
  order: 1000,
  summary: "One sentence for lists and boards.",
  rule: [
    "b \\\\leftarrow \\\\mu b + (1-\\\\mu) g",
    "\\\\theta \\\\leftarrow \\\\theta - \\\\eta\\\\, b/(1-\\\\mu^t)",
  ],
  citation: {
    authors: "Author",
    title: "Title",
    year: 2026,
    url: "https://example.org/paper",
  },
  needs: {},
  hyperparameters: z.strictObject({
    learningRate: learningRate(0.1),
    momentum: momentum(),
    clipNorm: clipNorm(),
  }),
  search: { learningRate: logUniform(1e-3, 1) },
  schedule: "task",
  cost: ({ dIn, dOut }) => ({ update: 5 * dIn * dOut, state: dIn * dOut }),
  create: firstOrder({
    // What changes from step to step; \`step\` counts from 0, \`rate\` is η after the schedule.
    numbers: ({ momentum }, { rate, step }) => ({ scale: rate / (1 - momentum ** (step + 1)) }),
    rule: ({ name, variable }, { hyperparameters }, state) => {
      const { momentum: mu } = hyperparameters;
      const average = state.tensor(\`\${name}.average\`, () => tf.zerosLike(variable));
      // The clipped gradient, and the numbers as tensors.
      return (gradient, { scale }) => {
        const b = tf.add(tf.mul(average, mu), tf.mul(gradient, 1 - mu));
        average.assign(b);
        variable.assign(tf.sub(variable, tf.mul(b, scale)));
      };
    },
  }),
});
`;

const testText = (name: string): string => `import { beforeAll, expect, it } from "vitest";
import { useBackend } from "../suite/engine/index.ts";
import { describeConformance } from "../suite/optimizer/conformance.ts";
import { benchOf, parameter } from "../suite/optimizer/testing/fixed-problem.ts";
import * as file from "./${name}.ts";

describeConformance(file);

beforeAll(() => useBackend({ backend: "reference" }));

it("moves as worked out by hand", () => {
  const bench = benchOf(file.${exportName(name, "Optimizer")}, parameter("theta", [1, 2]), { learningRate: 0.1 });
  bench.step({ gradients: [[1, -2]] });
  bench.step({ gradients: [[0.5, 1]] });
  const [theta] = bench.values();
  // The first average is the gradient itself; the second is 0.09 and 0.1 of the two, over 0.19.
  expect(theta?.[0]).toBeCloseTo(1 - 0.1 * 1 - (0.1 * (0.09 * 1 + 0.1 * 0.5)) / 0.19, 6);
  expect(theta?.[1]).toBeCloseTo(2 + 0.1 * 2 - (0.1 * (0.09 * -2 + 0.1 * 1)) / 0.19, 6);
  bench.dispose();
});
`;
