import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { readCost, startCost, stopCost, useBackend } from "./index.ts";
import { counting, step } from "./testing/counting.ts";

beforeAll(async () => {
  await useBackend({ threads: 1 });
});

const A = [1, 2];

describe("what a repeated call costs", () => {
  afterEach(stopCost);

  const f = () =>
    counting(([x]) => {
      const large = tf.tile(x as tf.Tensor, [100]);
      return [tf.sum(tf.square(large)), tf.neg(x as tf.Tensor)];
    });
  const counted = (one: ReturnType<typeof f>) => {
    startCost();
    step(one, A);
    const cost = readCost();
    stopCost();
    return { ...cost, peakBytes: cost.peakBytes - tf.memory().numBytes };
  };

  it("is booked again", () => {
    const one = f();
    const first = counted(one);
    for (let i = 0; i < 3; i++) expect(counted(one)).toEqual(first);
    expect(one.calls).toBe(2);
  });

  it("is learnt where it was not counted before", () => {
    const one = f();
    for (let i = 0; i < 4; i++) step(one, A);
    expect(one.calls).toBe(2);
    const first = counted(f());
    for (let i = 0; i < 3; i++) expect(counted(one)).toEqual(first);
    expect(one.calls).toBe(3);
  });
});
