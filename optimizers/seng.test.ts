import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { useBackend } from "../suite/engine/index.ts";
import { describeConformance } from "../suite/optimizer/conformance.ts";
import {
  benchOf,
  firstDirection,
  type LayerBatch,
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
  shifted,
  solve,
  transpose,
} from "../suite/optimizer/testing/matrix.ts";
import { describeOracle, readOracle } from "../suite/optimizer/testing/oracle.ts";
import * as file from "./seng.ts";

const { seng } = file;

describeConformance(file);
describeOracle("seng", file, {
  // Truncation to rank 16 cuts nothing off in these models.
  without: ["rank"],
  isLate: (name) => /\.(h|e|Kinv)$/.test(name),
});

beforeAll(() => useBackend({ backend: "reference" }));

interface Golden {
  readonly name: string;
  /** `[n, positions, dIn]` */
  readonly inputs: number[][][];
  readonly outputGradients: number[][][];
  readonly terms: number;
  readonly damping: number;
  readonly gradient: Matrix;
  readonly correction?: string;
  readonly expected: Matrix;
}

const goldens = readOracle<Golden>("seng").golden;
const golden = (name: string): Golden => {
  const found = goldens.find((one) => one.name === name);
  if (!found) throw new Error(`The oracle has no golden "${name}".`);
  return found;
};

const batchOf = ({ inputs, outputGradients, terms, gradient }: Golden): LayerBatch => ({
  inputs: inputs.flat(),
  outputGradients: outputGradients.flat(),
  examples: inputs.length,
  terms,
  gradient,
});

const direction = (batch: LayerBatch, settings: Record<string, unknown>): Matrix =>
  firstDirection(seng, batch, settings).weight;

/** P(G) of a second step whose gradient is not of the curvature's batch. */
function staleDirection(batch: LayerBatch, gradient: Matrix, damping: number): Matrix {
  const layer = linearLayer(gradient.length, gradient[0]?.length as number);
  const bench = benchOf(seng, layer, { ...PLAIN_STEP, damping, curvatureInterval: 2 });
  const shown = { ...batch, gradients: [batch.gradient as Matrix] };
  bench.step(shown);
  const before = bench.values()[0] as number[];
  bench.step({ ...shown, gradients: [gradient] });
  const after = bench.values()[0] as number[];
  bench.dispose();
  const moved = after.map((value, i) => (before[i] as number) - value);
  return asRows(moved, layer.dOut);
}

describe("golden values", () => {
  it.each(["same batch", "positions", "rank one"])("%s", (name) => {
    const one = golden(name);
    const { damping, correction = "exact" } = one;
    const got = direction(batchOf(one), { damping, correction });
    expect(distance(got, one.expected)).toBeLessThan(1e-5);
  });

  it("another batch's gradient", () => {
    const own = batchOf(golden("same batch"));
    const { gradient, damping, expected } = golden("another batch's gradient");
    expect(distance(staleDirection(own, gradient, damping), expected)).toBeLessThan(1e-5);
  });

  it("a sketch that sees every column is exact", () => {
    const one = golden("same batch");
    const got = direction(batchOf(one), { damping: one.damping, sketchSize: 5 });
    expect(distance(got, one.expected)).toBeLessThan(1e-5);
  });
});

/** The dense `(F + λI)⁻¹ g`, F = Σ u uᵀ/N, in float64. */
function dense(inputs: Matrix[], outputs: Matrix[], gradient: Matrix, damping: number): Matrix {
  const n = inputs.length;
  const u = inputs.map((h, i) => multiply(transpose(h), outputs[i] as Matrix).flat());
  const fisher = scale(multiply(transpose(u), u), 1 / n);
  const solved = solve(
    shifted(fisher, damping),
    gradient.flat().map((x) => [x]),
  );
  return asRows(solved.flat(), gradient[0]?.length as number);
}

describe("closed forms", () => {
  const batches = (n: number) =>
    fc.record({
      inputs: fc.array(matrices(2, 3), { minLength: n, maxLength: n }),
      outputs: fc.array(matrices(2, 2), { minLength: n, maxLength: n }),
    });
  const examples = batches(4);
  const gradientOf = (inputs: Matrix[], outputs: Matrix[]): Matrix =>
    scale(multiply(transpose(inputs.flat()), outputs.flat()), 1 / inputs.length);
  const batch = (inputs: Matrix[], outputs: Matrix[]): LayerBatch => ({
    inputs: inputs.flat(),
    outputGradients: outputs.flat(),
    examples: inputs.length,
    gradient: gradientOf(inputs, outputs),
  });

  // Through K with fewer examples than the layer's six weights, through F with more.
  it.each([4, 8])("is the dense (F + λI)⁻¹ g of its own batch of %i", (n) => {
    fc.assert(
      fc.property(batches(n), ({ inputs, outputs }) => {
        const got = direction(batch(inputs, outputs), { damping: 0.1 });
        const want = dense(inputs, outputs, gradientOf(inputs, outputs), 0.1);
        expect(distance(got, want)).toBeLessThan(1e-4);
      }),
    );
  });

  it("and of another batch's gradient, which loses little at any λ", () => {
    fc.assert(
      fc.property(
        examples,
        matrices(3, 2),
        fc.constantFrom(1, 1e-3, 1e-6),
        ({ inputs, outputs }, noise, damping) => {
          const gradient = combine(noise, identity(3, 3), (x, y) => x + y);
          // Fewer examples than weights: part of the gradient is out of F's reach.
          const [h, e] = [inputs.slice(0, 2), outputs.slice(0, 2)];
          const got = staleDirection(batch(h, e), gradient, damping);
          const want = dense(h, e, gradient, damping);
          expect(distance(got, want)).toBeLessThan(1e-3);
        },
      ),
    );
  });

  it("is G/λ where λ dominates", () => {
    const one = golden("same batch");
    const far = direction(batchOf(one), { damping: 1e6 });
    expect(distance(scale(far, 1e6), one.gradient)).toBeLessThan(1e-4);
  });

  it("with one example is G/(λ + |e|²|h|²)", () => {
    fc.assert(
      fc.property(matrices(1, 3), matrices(1, 2), (h, e) => {
        const got = direction({ inputs: h, outputGradients: e }, { damping: 0.5 });
        const squared = (x: Matrix) => x.flat().reduce((sum, value) => sum + value * value, 0);
        const want = scale(multiply(transpose(h), e), 1 / (0.5 + squared(h) * squared(e)));
        expect(distance(got, want)).toBeLessThan(1e-5);
      }),
    );
  });

  it("rotated inputs and outputs rotate the direction", () => {
    fc.assert(
      fc.property(examples, rotations(3), rotations(2), ({ inputs, outputs }, q, r) => {
        const turned = [
          inputs.map((h) => multiply(h, q)),
          outputs.map((e) => multiply(e, r)),
        ] as const;
        const got = direction(batch(...turned), { damping: 0.5 });
        const back = multiply(multiply(q, got), transpose(r));
        expect(distance(back, direction(batch(inputs, outputs), { damping: 0.5 }))).toBeLessThan(
          1e-4,
        );
      }),
    );
  });
});

describe("variants", () => {
  it("ASDL's leaves the summed gradient where it preconditions nothing", () => {
    const norm = parameter("norm.weight", [1, 1], "norm");
    const bench = benchOf(seng, [norm], { ...PLAIN_STEP, variant: "asdl" });
    bench.step({ gradients: [[1, 2]], examples: 8 });
    expect(bench.values()).toEqual([[1 - 8, 1 - 16]]);
    bench.dispose();
  });
});
