import { describe, expect, it } from "vitest";
import type { HostTensor } from "./binding.ts";
import type { Model } from "./model.ts";
import { createSession } from "./runtime.ts";

const options = { device: "cpu", threads: 1, spinning: false } as const;

/** y = −x and z = |x|, for x of `size` values. */
function session(size: number) {
  const value = (name: string) => ({ name, dtype: "float32" as const, shape: [size] });
  const node = (op: string, output: string) => {
    return { op, domain: "", inputs: ["x"], outputs: [output], attributes: {} };
  };
  const model: Model = {
    inputs: [value("x")],
    outputs: [value("y"), value("z")],
    nodes: [node("Neg", "y"), node("Abs", "z")],
    constants: [],
  };
  return createSession(model, options);
}

const tensor = (data: Float32Array, dims = [data.length]): HostTensor => {
  return { location: "cpu", type: "float32", dims, data };
};

describe.each([8, 2 ** 20])("a graph with outputs of %i values", (size) => {
  const x = Float32Array.from({ length: size }, (_, i) => i - 3);
  const [y, z] = [new Float32Array(size), new Float32Array(size)];
  const graph = session(size);
  const run = () => graph.run({ x: tensor(x) }, { y: tensor(y), z: tensor(z) }, {});

  it("computes into the buffers it is given", () => {
    run();
    expect(y.every((value, i) => value === -(x[i] as number))).toBe(true);
    expect(z.every((value, i) => value === Math.abs(x[i] as number))).toBe(true);
  });

  it("makes no large arrays of its own", () => {
    const before = process.memoryUsage().arrayBuffers;
    for (let i = 0; i < 3; i++) run();
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 20);
  });

  it("says what is wrong with a run, and computes again after it", () => {
    const wrong = { x: tensor(x.subarray(1)) };
    expect(() => graph.run(wrong, { y: tensor(y), z: tensor(z) }, {})).toThrow(/dimensions/);
    y.fill(0);
    run();
    expect(y[0]).toBe(3);
  });
});
