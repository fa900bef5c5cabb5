import * as tf from "@tensorflow/tfjs-core";
import { afterEach, describe, expect, it, vi } from "vitest";
import { engineCounters, flush, useBackend } from "../index.ts";
import { ModelBuilder } from "../model.ts";
import { draw } from "../testing/models.ts";
import { Arena } from "./arena.ts";
import { splitGraph } from "./split.ts";
import { Tail } from "./tail.ts";

afterEach(() => vi.restoreAllMocks());

const names = { dtype: "float32" } as const;
const float = (name: string, shape: number[]) => ({ name, spec: { shape, ...names } });

/** `w − r·(μb + c·hᵀe)`, with b's new value as an output, too. */
function momentumGraph() {
  const b = new ModelBuilder("cpu");
  b.declare("h", [8, 4]);
  b.declare("e", [8, 3]);
  for (const name of ["w", "b"]) b.declare(name, [4, 3]);
  for (const name of ["r", "c"]) b.declare(name, []);
  const gradient = b.node("Gemm", ["h", "e"], { transA: 1 });
  b.declare(gradient, [4, 3]);
  const clipped = b.node("Mul", [gradient, "c"]);
  const moved = b.node("Add", [b.node("Mul", ["b", b.constant(0.9, "float32")]), clipped]);
  const weight = b.node("Sub", ["w", b.node("Mul", [moved, "r"])]);
  return { b, gradient, clipped, moved, weight };
}

const ops = ({ list }: ModelBuilder) => list.map(({ op }) => op);

describe("a graph", () => {
  it("is left with what is not elementwise, whose results its chains read", () => {
    const { b, gradient, moved, weight } = momentumGraph();
    const { chains, left } = splitGraph(b, [float(weight, [4, 3]), float(moved, [4, 3])], 1);
    expect(ops(b)).toEqual(["Gemm"]);
    expect(left).toEqual([float(gradient, [4, 3])]);
    expect(chains).toHaveLength(1);
    expect(chains[0]).toMatchObject({
      size: 12,
      tensors: expect.arrayContaining([gradient, "w", "b"]),
      scalars: expect.arrayContaining([0.9, "c", "r"]),
      results: expect.arrayContaining([weight, moved]),
    });
  });

  it("keeps what something else reads, and outputs of other types", () => {
    const { b, clipped, moved, weight } = momentumGraph();
    const norm = b.node("ReduceSum", [clipped], { keepdims: 0 });
    const int = { name: b.node("Add", ["i", "i"]), spec: { shape: [5], dtype: "int32" } } as const;
    b.declare(int.name, [5]);
    const outputs = [float(weight, [4, 3]), float(moved, [4, 3]), float(norm, []), int];
    const { chains, left } = splitGraph(b, outputs, 1);
    expect(ops(b)).toEqual(["Gemm", "Mul", "ReduceSum", "Add"]);
    expect(left.map(({ name }) => name)).toEqual([norm, int.name, clipped]);
    expect(chains[0]?.program.steps.map(({ op }) => op)).toEqual(["Mul", "Add", "Mul", "Sub"]);
  });

  it("stays whole where many threads are as fast, or nothing would be left", () => {
    const { b, moved, weight } = momentumGraph();
    expect(splitGraph(b, [float(weight, [4, 3]), float(moved, [4, 3])], 6).chains).toEqual([]);
    const bare = new ModelBuilder("cpu");
    for (const name of ["x", "y"]) bare.declare(name, [6]);
    const sum = bare.node("Add", [bare.node("Mul", ["x", "y"]), "y"]);
    const outputs = [float(sum, [6])];
    expect(splitGraph(bare, outputs, 1)).toEqual({ chains: [], left: outputs });
    expect(ops(bare)).toEqual(["Mul", "Add"]);
  });
});

/** Weights after some steps of Adam, of a layer with a bias. */
function trained(): number[] {
  const sizes = [[6, 5], [5]];
  const states = sizes.map((shape, i) => ({
    w: tf.variable(draw(shape, i, 0.5)),
    m: tf.variable(tf.zeros(shape)),
    v: tf.variable(tf.zeros(shape)),
  }));
  const [weight, bias] = states.map(({ w }) => w) as [tf.Variable, tf.Variable];
  const x = draw([7, 6], 3) as tf.Tensor2D;
  for (let step = 0; step < 5; step++) {
    tf.tidy(() => {
      const { grads } = tf.variableGrads(() => {
        const y = tf.add(tf.matMul(x, weight as tf.Tensor as tf.Tensor2D), bias);
        return tf.mean(tf.square(tf.sigmoid(y))) as tf.Scalar;
      }, [weight, bias]);
      for (const { w, m, v } of states) {
        const g = grads[w.name] as tf.Tensor;
        m.assign(tf.add(tf.mul(m, 0.9), tf.mul(g, 0.1)));
        v.assign(tf.add(tf.mul(v, 0.99), tf.mul(tf.square(g), 0.01)));
        const direction = tf.div(m, tf.add(tf.sqrt(v), 1e-6));
        w.assign(tf.sub(w, tf.mul(direction, 0.1 / (step + 1))));
      }
    });
    flush();
  }
  const result = states.flatMap(({ w, m, v }) => [w, m, v].flatMap((x) => [...x.dataSync()]));
  for (const { w, m, v } of states) for (const one of [w, m, v]) one.dispose();
  x.dispose();
  return result;
}

describe("training", () => {
  it("gives the same bits where ONNX Runtime computes all of it", async () => {
    await useBackend({ threads: 64, spinning: false });
    const whole = trained();
    await useBackend({ threads: 1 });
    const run = vi.spyOn(Tail.prototype, "run");
    expect(trained()).toEqual(whole);
    expect(run).toHaveBeenCalledTimes(5);
  });

  it("writes over no tensor that is alive or that another chain reads", async () => {
    const compute = () => {
      const [kept, shared] = [draw([40], 1), draw([40], 2)];
      const copy = kept.clone();
      const results = tf.tidy(() => {
        const product = tf.matMul(draw([8, 5], 3) as tf.Tensor2D, draw([5, 5], 4) as tf.Tensor2D);
        const g = tf.reshape(product, [40]);
        return [
          tf.add(tf.mul(kept, 0.9), g),
          tf.add(tf.mul(shared, 0.5), tf.mul(g, 2)),
          tf.sub(tf.mul(shared, 3), g),
        ];
      });
      tf.dispose([kept, shared]);
      const values = [...results, copy].flatMap((x) => [...x.dataSync()]);
      tf.dispose([...results, copy]);
      return values;
    };
    await useBackend({ threads: 64, spinning: false });
    const whole = compute();
    await useBackend({ threads: 1 });
    expect(compute()).toEqual(whole);
  });

  it("writes the next state in the place of the last", async () => {
    await useBackend({ threads: 1, spinning: false });
    const elements = 20_000;
    const state = tf.variable(tf.zeros([elements]));
    const step = () => {
      tf.tidy(() => state.assign(tf.add(tf.mul(state, 0.5), tf.relu(draw([elements], 1)))));
      flush();
    };
    step();
    const taken: (ArrayBufferView | null)[] = [];
    const { allocate } = Arena.prototype;
    vi.spyOn(Arena.prototype, "allocate").mockImplementation(function (this: Arena, length) {
      const array = allocate.call(this, length);
      if (length === elements) taken.push(array);
      return array;
    });
    for (let i = 0; i < 3; i++) step();
    // The input and the gradient of the first step are there for the others, and no second state is.
    expect(taken).toEqual([]);
    expect(engineCounters().pooledBytes).toBeLessThan(3 * 4 * elements);
    state.dispose();
  });

  it("reads what a kernel without a lowering has computed", async () => {
    const run = vi.spyOn(Tail.prototype, "run");
    const compute = () =>
      tf.tidy(() => {
        const spectrum = tf.spectral.fft(tf.complex(draw([6], 1), draw([6], 2)));
        const product = tf.matMul(draw([2, 3], 3) as tf.Tensor2D, draw([3, 3], 4) as tf.Tensor2D);
        const parts = tf.mul(tf.real(spectrum), tf.reshape(product, [6]));
        return [...tf.sub(tf.mul(parts, 0.5), parts).dataSync()];
      });
    await useBackend({ threads: 64, spinning: false });
    const whole = compute();
    expect(run).not.toHaveBeenCalled();
    await useBackend({ threads: 1 });
    expect(compute()).toEqual(whole);
    expect(run).toHaveReturnedWith(true);
  });

  it("goes on where the arena has no room", async () => {
    await useBackend({ threads: 1 });
    const wanted = trained();
    await useBackend({ threads: 1, spinning: false });
    const allocate = vi.spyOn(Arena.prototype, "allocate").mockReturnValue(null);
    expect(trained()).toEqual(wanted);
    expect(allocate).toHaveBeenCalled();
    const { runs, compiles } = engineCounters();
    trained();
    expect(engineCounters()).toMatchObject({ compiles, runs: 2 * runs });
  });

  it("goes on where there is no arena", async () => {
    await useBackend({ threads: 1 });
    const wanted = trained();
    vi.spyOn(Arena, "open").mockReturnValue(null);
    await useBackend({ threads: 1, spinning: false });
    expect(trained()).toEqual(wanted);
  });
});
