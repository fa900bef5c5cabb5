import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, expect, it } from "vitest";
import { useBackend } from "../engine/index.ts";
import { gram } from "./gram.ts";

beforeAll(() => useBackend({ threads: 1 }));

it.each([
  { of: "rows", shape: [1030, 2048] },
  { of: "columns", shape: [2050, 1024] },
  { of: "rows", shape: [5, 3] },
  { of: "columns", shape: [5, 3] },
] as const)(
  "of $shape.0 × $shape.1, $of: on one thread the bits of the plain product",
  ({ of, shape }) => {
    tf.tidy(() => {
      const x = tf.randomNormal<tf.Rank.R2>([...shape], 0, 1, "float32", 1);
      const plain = tf.matMul(x, x, of === "columns", of === "rows").dataSync();
      expect(
        Buffer.compare(Buffer.from(gram(x, of).dataSync().buffer), Buffer.from(plain.buffer)),
      ).toBe(0);
    });
  },
);
