import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, expect, it } from "vitest";
import { useBackend } from "../engine/index.ts";
import { KEPT_PREVIOUS, type RootProductOf } from "../linalg/index.ts";
import { read } from "../linalg/testing.ts";
import { type Posing, posedRootProducts, posedSystems, sideBySide } from "./posed-systems.ts";

beforeAll(() => useBackend());

/** Notes how often damping had to grow, or the ridge. */
const counters = (retries: number[]) => ({
  count: () => {},
  countRetries: (count: tf.Tensor) => retries.push(read(count)),
  commit: () => {},
});

const scalarSystem = (value: number, damping = 0) => ({
  matrix: tf.tensor2d([[value]]),
  rhs: tf.tensor2d([[1]]),
  damping,
});

it("solves together what is posed until the first solution is asked for", () => {
  const retries: number[] = [];
  const pose = posedSystems("float32", counters(retries));
  const [first, kept] = [pose(scalarSystem(4)), pose(scalarSystem(-1))];
  const last = pose(scalarSystem(15, 1));
  expect(retries).toEqual([]);
  expect(read(last())).toBeCloseTo(1 / 16);
  expect(retries).toEqual([0, KEPT_PREVIOUS, 0]);
  const later = pose(scalarSystem(64));
  const values = [first, kept, last].map((solution) => read(solution()));
  expect(values).toEqual([0.25, 1, 0.0625]);
  expect(retries).toHaveLength(3);
  expect(read(later())).toBe(1 / 64);
  expect(retries).toHaveLength(4);
});

it("makes products of several orders and roots together", () => {
  const retries: number[] = [];
  const pose = posedRootProducts({ ridge: 0, precision: "float64" }, counters(retries));
  const product = (order: number, value: number, p: number): RootProductOf => ({
    matrix: tf.mul(tf.eye(order), value),
    rows: tf.ones([1, order]),
    largest: tf.scalar(value),
    p,
  });
  const made = [
    pose(product(1, 16, 2)),
    pose(product(3, 16, 4)),
    pose(product(1, -16, 2)),
    pose(product(1, 81, 2)),
  ].map((later) => Array.from(later().dataSync()));
  expect(made.map((values) => values.map((value) => Number(value.toFixed(6))))).toEqual([
    [0.25],
    [0.5, 0.5, 0.5],
    [1],
    [0.111111],
  ]);
  expect(retries).toEqual([0, 0, KEPT_PREVIOUS, 0]);
});

it("runs computations from stop to stop, however many they have", () => {
  const log: string[] = [];
  const stops = (name: string, count: number): Posing<string> =>
    (function* () {
      for (let i = 1; i <= count; i++) {
        log.push(`${name}${i}`);
        yield;
      }
      return name;
    })();
  expect(sideBySide([stops("a", 2), stops("b", 0), stops("c", 3)])).toEqual(["a", "b", "c"]);
  expect(log).toEqual(["a1", "c1", "a2", "c2", "c3"]);
  expect(sideBySide([])).toEqual([]);
});
