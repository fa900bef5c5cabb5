import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { useBackend } from "../engine/index.ts";
import { RepeatedUpdate } from "./repeated-update.ts";
import { OptimizerState } from "./state.ts";
import { parameter } from "./testing/fixed-problem.ts";

beforeAll(async () => {
  await useBackend({ threads: 1 });
});

/** Momentum on one parameter; `each` does more in every call. */
function momentum(each: (calls: number, state: OptimizerState) => void = () => {}) {
  const weights = parameter("x", [1, 2]);
  const state = new OptimizerState();
  const buffer = state.tensor("buffer", () => tf.zeros([2]));
  const update = new RepeatedUpdate([weights], state);
  const run = {
    calls: 0,
    state,
    values: () => [...weights.variable.dataSync(), ...buffer.dataSync()],
    step: (gradient: number[], rate: number) => {
      tf.tidy(() => {
        const [g, r] = [tf.tensor1d(gradient), tf.scalar(rate)];
        const [sum] = update.run([g, r], () => {
          buffer.assign(tf.add(tf.mul(buffer, 0.5), g));
          weights.variable.assign(tf.sub(weights.variable, tf.mul(buffer, r)));
          each(++run.calls, state);
          return [tf.sum(g)];
        });
        expect(sum?.dataSync()[0]).toBe((gradient[0] as number) + (gradient[1] as number));
      });
    },
    dispose: () => {
      state.dispose();
      weights.variable.dispose();
    },
  };
  return run;
}

/** The same in plain numbers. */
function expected(steps: readonly (readonly [number[], number])[]): number[] {
  const [x, buffer] = [
    [1, 2],
    [0, 0],
  ];
  for (const [gradient, rate] of steps) {
    for (const i of [0, 1] as const) {
      buffer[i] = 0.5 * (buffer[i] as number) + (gradient[i] as number);
      x[i] = (x[i] as number) - buffer[i] * rate;
    }
  }
  return [...x, ...buffer];
}

const steps: readonly (readonly [number[], number])[] = [
  [[1, -2], 1],
  [[3, 5], 0.5],
  [[-4, 8], 0.25],
  [[2, 2], 4],
  [[0, 1], 0.125],
];

describe("an update that repeats itself", () => {
  it("is called twice, and assigns what it would have assigned", () => {
    const run = momentum();
    const before = tf.memory().numTensors;
    for (const [i, step] of steps.entries()) {
      run.step(...step);
      expect(run.values()).toEqual(expected(steps.slice(0, i + 1)));
      expect(tf.memory().numTensors).toBe(before);
    }
    expect(run.calls).toBe(2);
    run.dispose();
  });

  it("goes on from a state that was restored", () => {
    const run = momentum();
    for (const step of steps.slice(0, 3)) run.step(...step);
    const saved = run.state.save();
    const [x0, x1] = run.values() as [number, number];
    run.step([9, 9], 1);
    run.state.restore(saved);
    run.step([4, 4], 0);
    expect(run.values().slice(2)).toEqual([
      0.5 * (saved.tensors.buffer?.values[0] ?? Number.NaN) + 4,
      0.5 * (saved.tensors.buffer?.values[1] ?? Number.NaN) + 4,
    ]);
    expect(run.values().slice(0, 2)).not.toEqual([x0, x1]);
    expect(run.calls).toBe(2);
    run.dispose();
  });

  it("is called again where it does something else", () => {
    const run = momentum((calls, state) => {
      const buffer = state.tensors().get("buffer");
      if (calls % 2 === 0) buffer?.assign(tf.neg(buffer));
    });
    let [x, buffer] = [1, 0];
    for (const [i, [gradient, rate]] of steps.entries()) {
      run.step(gradient, rate);
      buffer = 0.5 * buffer + (gradient[0] as number);
      x -= buffer * rate;
      if (i % 2 === 1) buffer = -buffer;
      expect([run.values()[0], run.values()[2]]).toEqual([x, buffer]);
    }
    expect(run.calls).toBe(steps.length);
    run.dispose();
  });

  it("is called again once it has made new state", () => {
    const run = momentum((calls, state) => {
      const buffer = state.tensors().get("buffer") as tf.Tensor;
      if (calls === 1) state.late("second").assign(tf.neg(buffer));
    });
    for (const step of steps) run.step(...step);
    expect(run.values()).toEqual(expected(steps));
    expect([...(run.state.tensors().get("second")?.dataSync() ?? [])]).toEqual([-1, 2]);
    expect(run.calls).toBe(3);
    run.dispose();
  });
});
