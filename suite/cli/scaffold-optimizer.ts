/** @file The files that a new optimizer starts from. */
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { UsageError } from "../protocol/error.ts";
import { loadOptimizers } from "../protocol/registry.ts";

/**
 * Writes `<name>.ts` and `<name>.test.ts`; returns their paths.
 *
 * @throws UsageError for a name that is taken or none.
 */
export async function scaffoldOptimizer(name: string, folder: string): Promise<string[]> {
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name)) {
    throw new UsageError(
      `"${name}" cannot be an optimizer's name.`,
      "Use lower-case letters, digits and single hyphens, a letter first: my-method.",
    );
  }
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

/** `my-method` → `myMethod`; names that JavaScript reserves get an ending. */
function exportName(name: string): string {
  const camel = name.replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
  try {
    new Function(`"use strict"; const ${camel} = 0;`);
    return camel;
  } catch {
    return `${camel}Optimizer`;
  }
}

const titleOf = (name: string): string =>
  name.replace(
    /(^|-)([a-z0-9])/g,
    (_, gap: string, letter: string) => (gap ? " " : "") + letter.toUpperCase(),
  );

const optimizerText = (name: string): string => `/**
 * @file ${titleOf(name)}: what it does, in one sentence.
 *
 *   b ← μb + g,   θ ← θ − ηb                  g  gradient, b  momentum, both shaped like θ
 *
 * Author, year, link. Differences from the source. FLOPs and floats of state per parameter.
 */
import * as tf from "@tensorflow/tfjs-core";
import { z } from "zod";
import { defineOptimizer } from "../suite/optimizer/declaration.ts";
import { firstOrder } from "../suite/optimizer/first-order.ts";
import { clipNorm, learningRate, momentum } from "../suite/optimizer/hyperparameters.ts";
import { logUniform } from "../suite/optimizer/search.ts";

export const ${exportName(name)} = defineOptimizer({
  id: "${name}",
  name: "${titleOf(name)}",
  family: "first-order",
  version: 1,
  order: 1000,
  summary: "One sentence for lists and boards.",
  rule: ["b \\\\leftarrow \\\\mu b + g", "\\\\theta \\\\leftarrow \\\\theta - \\\\eta\\\\, b"],
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
  cost: ({ dIn, dOut }) => ({ update: 4 * dIn * dOut, state: dIn * dOut }),
  create: firstOrder(({ name, variable }, { hyperparameters }, state) => {
    const buffer = state.tensor(\`\${name}.momentum\`, () => tf.zerosLike(variable));
    return (gradient, rate) => {
      const moved = tf.add(tf.mul(buffer, hyperparameters.momentum), gradient);
      buffer.assign(moved);
      variable.assign(tf.sub(variable, tf.mul(moved, rate)));
    };
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
  const bench = benchOf(file.${exportName(name)}, parameter("theta", [1, 2]), { learningRate: 0.1 });
  bench.step({ gradients: [[1, -2]] });
  bench.step({ gradients: [[0.5, 1]] });
  const [theta] = bench.values();
  expect(theta?.[0]).toBeCloseTo(1 - 0.1 * 1 - 0.1 * (0.9 * 1 + 0.5), 6);
  expect(theta?.[1]).toBeCloseTo(2 + 0.1 * 2 - 0.1 * (0.9 * -2 + 1), 6);
  bench.dispose();
});
`;
