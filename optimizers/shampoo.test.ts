import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { useBackend } from "../suite/engine/index.ts";
import { describeConformance } from "../suite/optimizer/conformance.ts";
import { readEvents } from "../suite/optimizer/events.ts";
import {
  benchOf,
  linearLayer,
  PLAIN_STEP,
  parameter,
} from "../suite/optimizer/testing/fixed-problem.ts";
import {
  asRows,
  combine,
  distance,
  identity,
  type Matrix,
  matrices,
  multiply,
  rotations,
  scale,
  transpose,
} from "../suite/optimizer/testing/matrix.ts";
import { flat, type Nested, shapeOf } from "../suite/optimizer/testing/nested.ts";
import { describeOracle, readOracle } from "../suite/optimizer/testing/oracle.ts";
import { seededSource } from "../suite/optimizer/testing/random.ts";
import * as file from "./shampoo.ts";

const { shampoo } = file;

describeConformance(file);
describeOracle("shampoo", file, {
  // The blocks of a tensor are counted together.
  stateName: (name) => (/\.block\d+\.updates$/.test(name) ? null : name),
  // An axis of one entry has no statistic here: its root is 1.
  converted: (state) =>
    Object.fromEntries(
      Object.entries(state).filter(
        ([name, values]) => !(/\.S\d$/.test(name) && shapeOf(values)[0] === 1),
      ),
    ),
});

beforeAll(() => useBackend({ backend: "reference" }));

/** P of the last of some gradients after all of them, as a list. */
function direction(gradients: readonly Nested[], settings: Readonly<Record<string, unknown>>) {
  const first = gradients[0] as Nested;
  const zero = (values: Nested): Nested => (typeof values === "number" ? 0 : values.map(zero));
  const bench = benchOf(shampoo, parameter("w", zero(first)), { ...PLAIN_STEP, ...settings });
  let before: number[] = [];
  for (const gradient of gradients) {
    before = bench.values()[0] as number[];
    bench.step({ gradients: [gradient] });
  }
  const after = bench.values()[0] as number[];
  const diagnostics = bench.diagnose({ gradients: [first] });
  bench.dispose();
  return { values: before.map((value, i) => value - (after[i] as number)), diagnostics };
}

const matrixDirection = (gradients: readonly Matrix[], settings: Record<string, unknown>): Matrix =>
  asRows(direction(gradients, settings).values, (gradients[0] as Matrix)[0]?.length as number);

interface Golden {
  readonly name: string;
  readonly gradients: Nested[];
  readonly hyperparameters: Record<string, unknown>;
  readonly expected: Nested;
  readonly largestEigenvalues: number[];
}

const goldens = readOracle<Golden>("shampoo").golden.filter((golden) => "gradients" in golden);

it.each(goldens)("golden values: $name", ({ gradients, hyperparameters, ...golden }) => {
  const { values, diagnostics } = direction(gradients, hyperparameters);
  expect(distance([values], [[...flat(golden.expected)]])).toBeLessThan(1e-5);
  golden.largestEigenvalues.forEach((value, axis) => {
    const own = diagnostics[`largestEigenvalue.w.${axis}`];
    if (own !== undefined) expect(own / value).toBeCloseTo(1, 4);
  });
});

// By 8 rows the Gram matrices take fewer FLOPs, too; by 20 only the direction does. Of 520 inputs no root is formed.
describe.each([262, 520])("of a layer of %i inputs", (dIn) => {
  it.each([8, 20])("is the same by %i rows, where they are few", (examples) => {
    const dOut = 20;
    const source = seededSource(1);
    const noise = (columns: number) => asRows([...source.normal(examples * columns)], columns);
    const batches = [1, 2].map(() => ({ inputs: noise(dIn), outputGradients: noise(dOut) }));
    const trained = (byRows: boolean) => {
      const bench = benchOf(shampoo, linearLayer(dIn, dOut), { ...PLAIN_STEP, damping: 1e-3 });
      for (const { inputs, outputGradients } of batches) {
        const gradient = scale(multiply(transpose(inputs), outputGradients), 1 / examples);
        const shown = byRows ? { inputs, outputGradients, examples } : {};
        bench.step({ gradients: [gradient], ...shown });
      }
      const values = asRows(bench.values()[0] as number[], dOut);
      bench.dispose();
      return values;
    };
    expect(distance(trained(true), trained(false))).toBeLessThan(1e-5);
  });
});

describe("closed forms", () => {
  const invertible = matrices(3, 3).map((noise) =>
    combine(noise, identity(3, 3), (x, y) => x / 2 + y),
  );

  it("one undamped step from zero is U Vᵀ of the gradient", () => {
    fc.assert(
      fc.property(invertible, (g) => {
        const orthogonal = matrixDirection([g], { damping: 0 });
        expect(distance(multiply(orthogonal, transpose(orthogonal)), identity(3))).toBeLessThan(
          1e-4,
        );
        // U Vᵀ is the polar factor: UᵀG V = Vᵀ… is symmetric positive definite.
        const polar = multiply(transpose(orthogonal), g);
        expect(distance(polar, transpose(polar))).toBeLessThan(1e-4);
      }),
    );
  });

  it("of diagonal gradients it is AdaGrad on the diagonal", () => {
    const diagonals = fc.array(
      fc.array(fc.double({ min: 0.5, max: 2, noNaN: true }), { minLength: 3, maxLength: 3 }),
      { minLength: 4, maxLength: 4 },
    );
    fc.assert(
      fc.property(diagonals, (list) => {
        const gradients = list.map((d) =>
          identity(3).map((row, i) => row.map((x) => x * (d[i] as number))),
        );
        const got = matrixDirection(gradients, { damping: 0 });
        const want = identity(3).map((row, i) => {
          const squares = list.reduce((sum, d) => sum + (d[i] as number) ** 2, 0);
          return row.map((x) => (x * (list.at(-1)?.[i] as number)) / Math.sqrt(squares));
        });
        expect(distance(got, want)).toBeLessThan(1e-5);
      }),
    );
  });

  it("takes the same step for a gradient of any size", () => {
    fc.assert(
      fc.property(invertible, fc.double({ min: 0.1, max: 100, noNaN: true }), (g, by) => {
        const [own, scaled] = [g, scale(g, by)].map((x) =>
          matrixDirection([x, x], { damping: 1e-3 }),
        );
        expect(distance(scaled as Matrix, own as Matrix)).toBeLessThan(1e-4);
      }),
    );
  });
});

describe("invariances", () => {
  const pairs = fc.array(matrices(4, 3), { minLength: 2, maxLength: 2 });

  it("rotated gradients rotate the step", () => {
    fc.assert(
      fc.property(pairs, rotations(4), rotations(3), (gradients, q, r) => {
        fc.pre(gradients.every((g) => Math.max(...g.flat().map(Math.abs)) > 0.1));
        const turned = gradients.map((g) => multiply(multiply(q, g), r));
        const got = matrixDirection(turned, { damping: 1e-2 });
        const back = multiply(multiply(transpose(q), got), transpose(r));
        expect(distance(back, matrixDirection(gradients, { damping: 1e-2 }))).toBeLessThan(1e-3);
      }),
    );
  });

  it("the order of axes does not matter", () => {
    fc.assert(
      fc.property(pairs, (gradients) => {
        const got = transpose(matrixDirection(gradients.map(transpose), { damping: 1e-2 }));
        expect(distance(got, matrixDirection(gradients, { damping: 1e-2 }))).toBeLessThan(1e-4);
      }),
    );
  });

  it("blocks are tensors of their own", () => {
    fc.assert(
      fc.property(pairs, (gradients) => {
        const whole = matrixDirection(gradients, { damping: 1e-2, blockSize: 2 });
        const part = (rows: number[], columns: number[]) => (g: Matrix) =>
          rows.map((i) => columns.map((j) => g[i]?.[j] as number));
        for (const [rows, columns] of [
          [
            [0, 1],
            [0, 1],
          ],
          [[0, 1], [2]],
          [
            [2, 3],
            [0, 1],
          ],
          [[2, 3], [2]],
        ] as const) {
          const cut = part([...rows], [...columns]);
          const alone = matrixDirection(gradients.map(cut), { damping: 1e-2 });
          expect(distance(cut(whole), alone)).toBeLessThan(1e-5);
        }
      }),
      { numRuns: 30 },
    );
  });
});

describe("numerics", () => {
  it("an axis of one entry has root 1 but counts in the exponent", () => {
    const [g] = [
      [
        [
          [
            [3, 0],
            [0, 5],
          ],
        ],
      ],
    ];
    const { values } = direction([g as Nested], { damping: 0 });
    // Two of four axes with −1/8 each: g / |g|^(1/2).
    expect(distance([values], [[3 / 9 ** 0.25, 0, 0, 5 / 25 ** 0.25]])).toBeLessThan(1e-5);
  });

  it("keeps the previous root where the statistic is not finite, and counts it", () => {
    const bench = benchOf(
      shampoo,
      parameter("w", [
        [0, 0],
        [0, 0],
      ]),
      PLAIN_STEP,
    );
    bench.step({
      gradients: [
        [
          [1, 0],
          [0, 2],
        ],
      ],
    });
    const root = () => [...(bench.optimizer.state.tensors().get("w.X0")?.dataSync() ?? [])];
    const before = root();
    bench.step({
      gradients: [
        [
          [1e30, 0],
          [0, 1e30],
        ],
      ],
    });
    expect(root()).toEqual(before);
    expect(readEvents(bench.optimizer.state).keptInverses).toBe(2);
    bench.dispose();
  });

  it.each([
    ["float32", 1],
    ["float64", 0],
  ])(
    "at λ = 1e-9 and %s, a singular statistic takes a larger ridge: %i",
    async (precision, least) => {
      await useBackend({ backend: "onnxruntime", threads: 1 });
      const settings = { ...PLAIN_STEP, damping: 1e-9, precision };
      const bench = benchOf(shampoo, parameter("w", scale(identity(8), 0)), settings);
      const rankOne = identity(8).map((row, i) => row.map((_, j) => (i + 1) * (j - 3)));
      bench.step({ gradients: [rankOne] });
      const { inverseRetries, keptInverses } = readEvents(bench.optimizer.state);
      expect(Math.min(inverseRetries, 1)).toBe(least);
      expect(keptInverses).toBe(0);
      // The gradient itself, as one singular direction: of unit length.
      const [values = []] = bench.values();
      expect(Math.sqrt(values.reduce((sum, x) => sum + x * x, 0))).toBeCloseTo(1, 2);
      bench.dispose();
      await useBackend({ backend: "reference" });
    },
  );

  it("ASDL's ridges pile up in the statistic", () => {
    const statistic = (variant: string) => {
      const settings = { ...PLAIN_STEP, damping: 0.5, variant };
      const bench = benchOf(
        shampoo,
        parameter(
          "w",
          [[0]].map(() => [0, 0]),
        ),
        settings,
      );
      for (let step = 0; step < 3; step++) bench.step({ gradients: [[[1, 0]]] });
      const [top] = bench.optimizer.state.tensors().get("w.S1")?.dataSync() ?? [];
      bench.dispose();
      return top as number;
    };
    expect(statistic("corrected")).toBeCloseTo(3, 5);
    // ((1·1.5 + 1)·1.5 + 1)·1.5
    expect(statistic("asdl")).toBeCloseTo(7.125, 4);
  });
});
