import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { useBackend } from "../engine/index.ts";
import { relativeError } from "../linalg/testing.ts";
import { withScratchState } from "./diagnostics.ts";
import { posedRootProducts } from "./posed-systems.ts";
import { rootSystem } from "./root-system.ts";

beforeAll(() => useBackend());

const random = (rows: number, columns: number, seed: number) =>
  tf.randomNormal<tf.Rank.R2>([rows, columns], 0, 1, "float32", seed);

/** What `use` makes of X, where every step renews it and where it is kept. */
function both(d: number, use: (root: ReturnType<typeof rootSystem>) => tf.Tensor): tf.Tensor[] {
  const examples = random(d, 2 * d, 1);
  const statistic = tf.matMul<tf.Tensor2D>(examples, examples, false, true);
  const largest = tf.scalar(6 * d);
  return [true, false].map((everyStep) =>
    withScratchState((state, events) => {
      const options = { order: d, p: 4, ridge: 1e-3, precision: "float32", everyStep } as const;
      const root = rootSystem(state, "X", options, {
        pose: posedRootProducts(options, events),
        events,
      });
      root.refresh(statistic, largest);
      return tf.tidy(() => use(root));
    }),
  );
}

function expectSame([systems, roots]: tf.Tensor[]): void {
  expect(relativeError(systems as tf.Tensor, (roots as tf.Tensor).dataSync())).toBeLessThan(1e-5);
}

describe.each([40, 520])("of order %i", (d) => {
  it.each([3, 200])("multiplies %i rows as the root does", (m) => {
    expectSame(both(d, (root) => root.times(random(m, d, 2))()));
  });

  it.each([
    [[d, 20], 0],
    [[20, d], 1],
    [[2, d, 3], 1],
  ])("multiplies a tensor %j along axis %i as the root does", (shape, axis) => {
    const g = tf.randomNormal(shape as [number, number], 0, 1, "float32", 3);
    expectSame(both(d, (root) => root.along(g, axis)()));
  });

  it("shows the root, taken or not", () => {
    const statistic = tf.eye(d);
    const roots = both(d, (root) => {
      root.refresh(statistic, tf.scalar(1));
      root.times(random(3, d, 4))();
      return tf.clone(root.root(statistic, tf.scalar(1)));
    });
    expectSame(roots);
  });
});
