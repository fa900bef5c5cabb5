/** What must hold however long a training runs: counters, never clocks. */
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { engineCounters, flush, resetEngineCounters, useBackend } from "./index.ts";
import { draw, mlp } from "./testing/models.ts";

beforeAll(async () => {
  await useBackend({ threads: 1 });
});

interface Training {
  step(index: number): void;
}

/** Adam with dropout: learning rate, bias corrections and masks change every step. */
function adam(width: number): Training {
  const parameters = [draw([8, width], 1, 0.3), draw([width, 5], 2, 0.3)].map((w) => ({
    w: tf.variable(w),
    m: tf.variable(tf.zerosLike(w)),
    v: tf.variable(tf.zerosLike(w)),
  }));
  const loss = () => {
    const [first, second] = parameters.map(({ w }) => w as tf.Tensor2D) as [
      tf.Tensor2D,
      tf.Tensor2D,
    ];
    const hidden = tf.dropout(tf.relu(tf.matMul(draw([12, 8], 3) as tf.Tensor2D, first)), 0.5);
    return tf.mean(tf.square(tf.matMul(hidden as tf.Tensor2D, second))) as tf.Scalar;
  };
  return {
    step(index) {
      const value = tf.tidy(() => {
        const { value, grads } = tf.variableGrads(loss);
        for (const { w, m, v } of parameters) {
          const g = grads[w.name] as tf.Tensor;
          m.assign(tf.add(tf.mul(m, 0.9), tf.mul(g, 0.1)));
          v.assign(tf.add(tf.mul(v, 0.99), tf.mul(tf.square(g), 0.01)));
          const correctedM = tf.div(m, 1 - 0.9 ** (index + 1));
          const correctedV = tf.div(v, 1 - 0.99 ** (index + 1));
          const update = tf.div(correctedM, tf.add(tf.sqrt(correctedV), 1e-8));
          w.assign(tf.sub(w, tf.mul(update, 0.01 / (index + 1))));
        }
        return value;
      });
      value.dataSync();
      value.dispose();
    },
  };
}

function repeat(training: Training, from: number, to: number): void {
  for (let index = from; index < to; index++) training.step(index);
}

describe("in the steady state", () => {
  it("compiles nothing, allocates nothing and runs one graph per step", () => {
    const training = adam(16);
    repeat(training, 0, 4);
    resetEngineCounters();
    const { pooledBytes } = engineCounters();
    repeat(training, 4, 24);
    expect(engineCounters()).toMatchObject({
      compiles: 0,
      allocations: 0,
      runs: 20,
      pooledBytes,
      fallbacks: {},
    });
  });

  it("compiles a bounded number of graphs, whatever the number of steps", () => {
    const compiles = (steps: number, width: number) => {
      resetEngineCounters();
      repeat(adam(width), 0, steps);
      return engineCounters().compiles;
    };
    expect(compiles(30, 17)).toBe(compiles(3, 18));
  });

  it("keeps two alternating models compiled", () => {
    const [first, second] = [adam(20), adam(24)];
    const alternate = (from: number, to: number) => {
      for (let index = from; index < to; index++) {
        first.step(index);
        second.step(index);
      }
    };
    alternate(0, 4);
    resetEngineCounters();
    alternate(4, 14);
    expect(engineCounters()).toMatchObject({ compiles: 0, allocations: 0, runs: 20 });
  });

  it("shares a compiled graph between models that compute alike", () => {
    repeat(adam(28), 0, 3);
    resetEngineCounters();
    repeat(adam(28), 0, 3);
    expect(engineCounters().compiles).toBe(0);
  });

  it("keeps as many tensors and bytes as it had", () => {
    const training = adam(32);
    repeat(training, 0, 2);
    const before = tf.memory();
    repeat(training, 2, 8);
    expect(tf.memory()).toMatchObject({
      numTensors: before.numTensors,
      numBytes: before.numBytes,
      numDataBuffers: before.numDataBuffers,
    });
  });
});

describe("a scalar written from JavaScript", () => {
  const update = (w: tf.Tensor, rates: number[]) =>
    tf.tidy(() => {
      let moved = w;
      for (const rate of rates) {
        moved = tf.sub(moved, tf.mul(tf.square(moved), rate));
        flush();
      }
      return Array.from(moved.dataSync());
    });

  it("costs one compile more when it changes, and none after that", () => {
    const w = draw([31], 1);
    flush();
    resetEngineCounters();
    update(w, [0.5, 0.5, 0.5]);
    expect(engineCounters().compiles).toBe(1);
    update(w, [0.25, 0.125, 0.3, 0.5, 0.7]);
    expect(engineCounters().compiles).toBe(2);
  });

  it("gives the same bits as a constant and as an input", () => {
    const w = draw([33], 1);
    const asConstant = update(w, [0.3, 0.3]);
    update(w, [0.1, 0.2]);
    resetEngineCounters();
    expect(update(w, [0.3, 0.3])).toEqual(asConstant);
    expect(engineCounters().compiles).toBe(0);
  });

  it("gives the same bits where a product takes it in", () => {
    const [x, w, m] = [draw([37, 65], 1), draw([65, 41], 2), draw([37, 41], 3)];
    const moved = (momentum: number) =>
      tf.tidy(() => {
        const gradient = tf.matMul(x as tf.Tensor2D, w as tf.Tensor2D);
        return Array.from(tf.add(tf.mul(m, momentum), gradient).dataSync());
      });
    const asConstant = moved(0.9);
    moved(0.8);
    expect(moved(0.9)).toEqual(asConstant);
  });

  it.each([0, -0, Number.NaN, Number.POSITIVE_INFINITY])("may be %s", (value) => {
    const quotient = tf.tidy(() => Array.from(tf.div(tf.tensor1d([1, -1]), value).dataSync()));
    expect(quotient).toEqual([1 / value, -1 / value]);
  });
});

describe("recording", () => {
  it("computes nothing that no tensor needs", () => {
    resetEngineCounters();
    tf.tidy(() => {
      tf.exp(draw([3], 1));
      const kept = tf.add(draw([3], 2), 1);
      kept.dataSync();
    });
    const { runs } = engineCounters();
    tf.tidy(() => {
      tf.log(draw([3], 3));
    });
    tf.tidy(() => tf.mul(draw([3], 4), 2)).dispose();
    flush();
    expect(engineCounters().runs).toBe(runs);
  });

  it("recognises a graph by its wiring, not by what else was recorded", () => {
    const compute = (noise: boolean) => {
      const x = draw([4, 4], 1) as tf.Tensor2D;
      if (noise) tf.tidy(() => tf.cos(x)).dispose();
      return tf.matMul(x, tf.sigmoid(x)).dataSync();
    };
    flush();
    const plain = tf.tidy(() => compute(false));
    resetEngineCounters();
    expect(tf.tidy(() => compute(true))).toEqual(plain);
    expect(engineCounters().compiles).toBe(0);
  });

  it("tells recordings apart that differ in wiring, attributes, shapes or dtypes", () => {
    const [a, b] = [tf.tensor1d([1, 2, 4]), tf.tensor1d([8, 16, 32])];
    const results = [
      tf.sub(a, b),
      tf.sub(b, a),
      tf.sub(a, a),
      tf.slice(a, 0, 2),
      tf.slice(a, 1, 2),
      tf.sub(tf.tensor1d([1, 2, 4], "int32"), tf.tensor1d([8, 16, 32], "int32")),
      tf.sub(tf.reshape(a, [3, 1]), tf.reshape(b, [1, 3])),
    ].map((t) => Array.from(t.dataSync()));
    expect(results.slice(0, 6)).toEqual([
      [-7, -14, -28],
      [7, 14, 28],
      [0, 0, 0],
      [1, 2],
      [2, 4],
      [-7, -14, -28],
    ]);
    expect(results[6]).toEqual([-7, -15, -31, -6, -14, -30, -4, -12, -28]);
  });

  it("disposes the least recently used of many graphs and still computes", () => {
    for (let size = 1; size <= 80; size++) tf.tidy(() => tf.exp(tf.zeros([size])).dataSync());
    expect(engineCounters().compiledGraphs).toBeLessThanOrEqual(64);
    expect(tf.tidy(() => tf.exp(tf.zeros([1])).dataSync())).toEqual(Float32Array.of(1));
  });
});

describe("values", () => {
  it("are those of the moment of writing, whatever happens to the caller's array", () => {
    const batch = Float32Array.of(1, 2, 3);
    const doubled = tf.mul(tf.tensor1d(batch), 2);
    batch.fill(0);
    expect(doubled.dataSync()).toEqual(Float32Array.of(2, 4, 6));
  });

  it("that were read stay as they were while training goes on", () => {
    const { weights } = mlp();
    const variable = tf.variable(weights[0] as tf.Tensor);
    const read = variable.dataSync();
    const before = read.slice();
    for (let i = 0; i < 4; i++) {
      tf.tidy(() => variable.assign(tf.mul(variable, 2)));
      variable.dataSync();
    }
    expect(read).toEqual(before);
  });

  // Else a trial's bits would depend on which trials its process ran before.
  it.each([
    [1, 96, 64],
    [96, 96, 1],
    [33, 96, 17],
  ])(
    "have the same bits whether a factor is a constant or has changed (%i × %i × %i)",
    (m, k, n) => {
      const [a, b, c] = [draw([m, k], 1), draw([k, n], 2), draw([m, n], 3)];
      const scaledSum = (factor: number) => {
        const sum = tf.tidy(() =>
          tf.add(tf.matMul(a as tf.Tensor2D, b as tf.Tensor2D), tf.mul(c, factor)),
        );
        return sum.dataSync().slice();
      };
      const constant = scaledSum(0.3162);
      scaledSum(1.5);
      expect(scaledSum(0.3162)).toEqual(constant);
    },
  );

  it("move between backends and back", async () => {
    const here = tf.add(tf.tensor1d([1, 2]), 1);
    const shared = tf.reshape(here, [2, 1]);
    await useBackend({ backend: "reference" });
    const there = tf.mul(here, 10);
    expect(there.dataSync()).toEqual(Float32Array.of(20, 30));
    await useBackend({ threads: 1 });
    const both = tf.add(there, here);
    expect(both.dataSync()).toEqual(Float32Array.of(22, 33));
    expect(shared.dataSync()).toEqual(Float32Array.of(2, 3));
  });
});
