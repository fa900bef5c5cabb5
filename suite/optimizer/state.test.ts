import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { useBackend } from "../engine/index.ts";
import { OptimizerState } from "./state.ts";

beforeAll(() => useBackend({ backend: "reference" }));

function example() {
  const state = new OptimizerState();
  const early = state.tensor("early", () => tf.zeros([2]));
  const late = state.late("late");
  const count = state.number("count", 0);
  return { state, early, late, count };
}

describe("OptimizerState", () => {
  it("restores tensors, late ones and numbers, and frees them all", () => {
    const before = tf.memory().numTensors;
    const [a, b] = [example(), example()];
    tf.tidy(() => {
      a.early.assign(tf.tensor1d([1, 2]));
      a.late.assign(tf.tensor2d([[3, 4, 5]]));
      a.late.assign(tf.tensor2d([[6, 7, 8]]));
    });
    a.count.value = 9;
    b.state.restore(a.state.save());
    expect([...b.early.dataSync()]).toEqual([1, 2]);
    expect(b.late.value?.shape).toEqual([1, 3]);
    expect([...(b.late.value?.dataSync() ?? [])]).toEqual([6, 7, 8]);
    expect(b.count.value).toBe(9);
    expect(b.state.bytes()).toBe(20);
    b.state.restore(example().state.save());
    expect(b.late.value).toBeUndefined();
    a.state.dispose();
    b.state.dispose();
    expect(tf.memory().numTensors).toBe(before + 1);
  });

  it("refuses another optimizer's checkpoint, and a name twice", () => {
    const { state } = example();
    expect(() => state.restore({ tensors: {}, numbers: {} })).toThrow('nothing for state "early"');
    const saved = state.save();
    expect(() => state.restore({ ...saved, numbers: {} })).toThrow('lacks the number "count"');
    expect(() => state.late("early")).toThrow('has a "early" already');
    expect(() => state.number("late", 1)).toThrow("already");
    state.dispose();
  });
});
