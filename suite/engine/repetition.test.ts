import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { flush, useBackend } from "./index.ts";
import { counting, step } from "./testing/counting.ts";

beforeAll(async () => {
  await useBackend({ threads: 1 });
});

let before = 0;
beforeEach(() => {
  before = tf.memory().numTensors;
});
afterEach(() => expect(tf.memory().numTensors).toBe(before));

const [A, B, C] = [
  [1, 2],
  [3, 5],
  [-4, 7],
] as const;
const list = (values: readonly number[]) => [...values];

describe("what repeats itself", () => {
  it("is called twice, and then recorded, for whatever values", () => {
    const f = counting(([x, y]) => [tf.add(tf.mul(x as tf.Tensor, 2), y as tf.Tensor)]);
    expect(step(f, list(A), list(B))).toEqual([[5, 9]]);
    expect(step(f, list(B), list(A))).toEqual([[7, 12]]);
    expect(step(f, list(B), list(C))).toEqual([[2, 17]]);
    expect(step(f, list(C), list(A))).toEqual([[-7, 16]]);
    expect(f.calls).toBe(2);
  });

  it("may return a source under another shape, a tensor twice, and a tensor's copies", () => {
    const f = counting(([x]) => {
      const twice = tf.mul(x as tf.Tensor, 2);
      return [tf.reshape(x as tf.Tensor, [2, 1]), twice, twice, tf.reshape(twice, [1, 2])];
    });
    for (const values of [A, B, C, A]) {
      const shapes = tf.tidy(() => {
        const results = f.of([tf.tensor1d(list(values))]);
        expect(results[1]).toBe(results[2]);
        expect(tf.memory().numTensors - before).toBe(4);
        return results.map(({ shape }) => shape) as unknown as tf.TensorContainer;
      });
      flush();
      expect(shapes).toEqual([[2, 1], [2], [2], [1, 2]]);
      const doubled = values.map((value) => 2 * value);
      expect(step(f, list(values))).toEqual([list(values), doubled, doubled, doubled]);
    }
    expect(f.calls).toBe(2);
  });

  it("is disposed of like anything else", () => {
    const f = counting(([x]) => [tf.square(x as tf.Tensor), tf.reshape(x as tf.Tensor, [2, 1])]);
    for (const values of [A, B, C]) {
      const source = tf.tensor1d(list(values));
      const [square, column] = f.of([source]) as [tf.Tensor, tf.Tensor];
      source.dispose();
      expect([...column.dataSync()]).toEqual(values);
      column.dispose();
      expect([...square.dataSync()]).toEqual(values.map((value) => value ** 2));
      square.dispose();
    }
  });

  it("refuses the values that its calls refuse", () => {
    const table = tf.tensor1d([10, 20, 30]);
    const f = counting(([ids]) => [tf.add(tf.gather(table, ids as tf.Tensor1D), 1)]);
    const look = (ids: number[]) =>
      tf.tidy(() => {
        const results = f.of([tf.tensor1d(ids, "int32")]);
        flush();
        return [...(results[0] as tf.Tensor).dataSync()] as unknown as tf.Tensor;
      });
    for (const id of [0, 1, 2]) expect(look([id, 0])).toEqual([10 * id + 11, 11]);
    for (const id of [-1, 3]) {
      expect(() => look([0, id])).toThrow(`the index value ${id} is not in [0, 2]`);
    }
    expect(look([2, 2])).toEqual([31, 31]);
    expect(f.calls).toBe(2);
    table.dispose();
  });

  it("recurs in the middle of a recording, and beside itself", () => {
    const f = counting(([x]) => [tf.add(x as tf.Tensor, 1)]);
    for (const values of [A, B, C, B]) {
      tf.tidy(() => {
        const [once] = f.of([tf.neg(tf.tensor1d(list(values)))]) as [tf.Tensor];
        const [twice] = f.of([tf.mul(once, 3)]) as [tf.Tensor];
        expect([...twice.dataSync()]).toEqual(values.map((value) => 3 * (1 - value) + 1));
      });
    }
    expect(f.calls).toBe(4);
  });

  it("computes any expression as if it were called", () => {
    const operations = fc.constantFrom("add", "sub", "mul", "maximum", "scale", "shift", "matrix");
    const program = fc.array(fc.tuple(operations, fc.nat(), fc.nat()), { minLength: 1 });
    const values = fc.array(fc.integer({ min: -9, max: 9 }), { minLength: 4, maxLength: 4 });
    const steps = fc.array(fc.tuple(values, values, values), { minLength: 4, maxLength: 6 });
    fc.assert(
      fc.property(program, steps, fc.nat({ max: 2 }), (instructions, rounds, early) => {
        const run = (sources: tf.Tensor[]) => {
          const made = [...sources];
          for (const [name, i, j] of instructions) {
            const [a, b] = [made[i % made.length], made[j % made.length]] as [tf.Tensor, tf.Tensor];
            made.push(OPERATIONS[name](a, b));
          }
          return made.slice(-2);
        };
        const f = counting(run);
        for (const round of rounds) {
          tf.tidy(() => {
            const sources = round.map((one) => tf.tensor1d(one));
            // A source may be known to the recording before.
            const other = tf.neg(sources[early] as tf.Tensor);
            const got = f.of(sources).map((result) => [...result.dataSync()]);
            expect(got).toEqual(run(sources).map((result) => [...result.dataSync()]));
            expect(other.dataSync()[0]).toBe(-(round[early]?.[0] as number));
          });
        }
        expect(f.calls).toBeLessThan(4);
      }),
    );
  });
});

const OPERATIONS = {
  add: tf.add,
  sub: tf.sub,
  mul: (a: tf.Tensor, b: tf.Tensor) => tf.mul(tf.mul(a, 0.125), b),
  maximum: tf.maximum,
  scale: (a: tf.Tensor, _: tf.Tensor) => tf.mul(a, 0.5),
  shift: (a: tf.Tensor, _: tf.Tensor) => tf.add(a, tf.tensor1d([1, 2, 3, 4])),
  matrix: (a: tf.Tensor, b: tf.Tensor) =>
    tf.reshape(tf.matMul(tf.reshape(a, [2, 2]), tf.mul(tf.reshape(b, [2, 2]), 0.125)), [4]),
} satisfies Record<string, (a: tf.Tensor, b: tf.Tensor) => tf.Tensor>;

describe("what does not is called again", () => {
  it("numbers that change from call to call", () => {
    let number = 0;
    const f = counting(([x]) => [tf.add(x as tf.Tensor, tf.tensor1d([++number, 0]))]);
    for (let i = 1; i < 5; i++) expect(step(f, list(A))).toEqual([[1 + i, 2]]);
  });

  it("what takes turns", () => {
    const f = counting(([x]) => [(f.calls % 2 ? tf.add : tf.sub)(x as tf.Tensor, 1)]);
    for (const sign of [1, -1, 1, -1]) expect(step(f, list(A))).toEqual([[1 + sign, 2 + sign]]);
  });

  it("a tensor that it closes over, once it is another", () => {
    let kept = tf.tensor1d([10, 20]);
    const f = counting(([x]) => [tf.add(x as tf.Tensor, kept)]);
    for (let i = 0; i < 3; i++) expect(step(f, list(A))).toEqual([[11, 22]]);
    expect(f.calls).toBe(2);
    kept.dispose();
    kept = tf.tensor1d([0, 1]);
    for (let i = 0; i < 3; i++) expect(step(f, list(A))).toEqual([[1, 3]]);
    kept.dispose();
  });

  it("what reads values, and what leaves tensors behind", () => {
    const left: tf.Tensor[] = [];
    const reads = counting(([x]) => [tf.mul(x as tf.Tensor, tf.sum(x as tf.Tensor).dataSync())]);
    const leaves = counting(([x]) => {
      left.push(tf.keep(tf.neg(x as tf.Tensor)));
      return [tf.add(x as tf.Tensor, 1)];
    });
    for (const values of [A, A, B, A]) {
      const sum = values[0] + values[1];
      expect(step(reads, list(values))).toEqual([values.map((value) => sum * value)]);
      expect(step(leaves, list(values))).toEqual([values.map((value) => value + 1)]);
    }
    expect([reads.calls, leaves.calls]).toEqual([4, 4]);
    expect(left.map((tensor) => tensor.dataSync()[0])).toEqual([-1, -1, -3, -1]);
    tf.dispose(left);
  });

  it("other shapes", () => {
    const f = counting(([x]) => [tf.sum(x as tf.Tensor)]);
    for (let i = 0; i < 3; i++) expect(step(f, list(A))).toEqual([[3]]);
    expect(step(f, [1, 2, 3])).toEqual([[6]]);
    const g = counting(([x]) => [tf.neg(x as tf.Tensor)]);
    for (let i = 0; i < 3; i++) {
      expect(step(g, list(A))).toEqual([[-1, -2]]);
      // From another place.
      tf.tidy(() => {
        const [result] = g.of([tf.square(tf.tensor1d([1, 2, 3]))]) as [tf.Tensor];
        expect([...result.dataSync()]).toEqual([-1, -4, -9]);
      });
    }
    expect(g.calls).toBe(4);
  });

  it("one tensor as two sources, and two that were one", () => {
    const f = counting(([x, y]) => [tf.sub(x as tf.Tensor, y as tf.Tensor)]);
    const same = () =>
      tf.tidy(() => {
        const x = tf.tensor1d(list(A));
        return [...(f.of([x, tf.clone(x)])[0] as tf.Tensor).dataSync()] as unknown as tf.Tensor;
      });
    for (let i = 0; i < 3; i++) expect(step(f, list(B), list(A))).toEqual([[2, 3]]);
    for (let i = 0; i < 3; i++) expect(same()).toEqual([0, 0]);
    expect(step(f, list(B), list(A))).toEqual([[2, 3]]);
  });

  it("a source that the recording knows already", () => {
    const f = counting(([x, y]) => [tf.sub(x as tf.Tensor, y as tf.Tensor)]);
    for (let i = 0; i < 3; i++) expect(step(f, list(B), list(A))).toEqual([[2, 3]]);
    tf.tidy(() => {
      const [x, y] = [tf.tensor1d(list(B)), tf.tensor1d(list(A))];
      const sum = tf.add(y, x);
      const [difference] = f.of([x, y]) as [tf.Tensor];
      expect([...difference.dataSync(), ...sum.dataSync()]).toEqual([2, 3, 4, 7]);
    });
  });

  it("sources known to the recording by another number", () => {
    const f = counting(([x, y]) => [tf.sub(x as tf.Tensor, y as tf.Tensor)]);
    const after = (first: "x" | "y" | "z") =>
      tf.tidy(() => {
        const given = { x: tf.tensor1d([3, 5]), y: tf.tensor1d([1, 2]), z: tf.tensor1d([0, 0]) };
        const before = tf.neg(given[first]);
        const [difference] = f.of([given.x, given.y]) as [tf.Tensor];
        expect([...difference.dataSync()]).toEqual([2, 3]);
        before.dispose();
      });
    for (const first of ["x", "x", "x", "z", "y", "x"] as const) after(first);
  });

  it("a tensor that it closes over and the recording knows", () => {
    const kept = { one: tf.tensor1d([1, 1]), two: tf.tensor1d([2, 2]) };
    const f = counting(([x]) => [tf.add(x as tf.Tensor, kept.one)]);
    for (const first of ["one", "one", "one", "two"] as const) {
      tf.tidy(() => {
        const before = tf.neg(kept[first]);
        const [sum] = f.of([tf.tensor1d(list(A))]) as [tf.Tensor];
        expect([...sum.dataSync()]).toEqual([2, 3]);
        before.dispose();
      });
    }
    tf.dispose(kept);
  });

  it("after a call that the recording only looked at", () => {
    const f = counting(([x]) => [tf.add(x as tf.Tensor, 1)]);
    for (let i = 0; i < 3; i++) step(f, list(A));
    tf.tidy(() => {
      // Has no lowering for words.
      const words = tf.tile(tf.tensor1d(["a", "b"]), [2]);
      const [sum] = f.of([tf.tensor1d(list(B))]) as [tf.Tensor];
      expect([...sum.dataSync()]).toEqual([4, 6]);
      expect(words.dataSync()[3]).toBe("b");
    });
  });

  it("within a gradient, whose tape needs the calls", () => {
    const f = counting(([x]) => [tf.square(x as tf.Tensor)]);
    for (let i = 0; i < 3; i++) step(f, list(A));
    tf.tidy(() => {
      const slope = tf.grad((x) => tf.sum(f.of([x])[0] as tf.Tensor))(tf.tensor1d(list(B)));
      expect([...slope.dataSync()]).toEqual([6, 10]);
    });
  });
});
