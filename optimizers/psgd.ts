/**
 * @file PSGD: a preconditioner P = QᵀQ fitted, probe by probe, to the Hessian's inverse.
 *
 *   c(P) = E[Hvᵀ P Hv + vᵀ P⁻¹ v],  v ~ N(0, I), is least at P = |H|⁻¹
 *
 * per layer with upper triangular Q_l [b, b] and Q_r [a, a] from I; for v and Hv as matrices [a, b]:
 *
 *   r = √(max diag Q_l / max diag Q_r),  Q_l ← Q_l/r,  Q_r ← r·Q_r
 *   A = Q_r Hv Q_lᵀ,   B = Q_r⁻ᵀ v Q_l⁻¹
 *   ∇_l = triu(AᵀA − BᵀB),  ∇_r = triu(AAᵀ − BBᵀ),   Q ← Q − μ_p ∇Q / max|∇|
 *   P(G̃) = Q_rᵀQ_r G̃ Q_lᵀQ_l                                        G̃ [a, b], the bias its last row
 *
 * Li 2015 (arXiv 1512.04202), on Lie groups Li 2018 (1809.10232); the layout is transposed. Hv is
 * exact, of this batch's loss. No damping anywhere. Norm parameters, embeddings and tied weights keep
 * their plain gradient; v is zero there. An update is skipped, and counted, where Hv is all zero or
 * anything is not finite.
 *
 * `variant: "asdl"` loses the transposes of B, as the paper's library does.
 *
 * Large layers take the same by fewer products (`gramDifference`, `fewRows`, `upperProduct`).
 *
 * Per layer: 12·rows·ab + 7ab(a + b) + 2(a³ + b³) FLOPs of curvature, 4ab(a + b) per step; a² + b²
 * floats of state.
 */
import * as tf from "@tensorflow/tfjs-core";
import { z } from "zod";
import { inPhase } from "../suite/engine/phase.ts";
import { triangularSolve, triu, upperProduct, upperTimesUpper } from "../suite/linalg/index.ts";
import type { Observation } from "../suite/nn/evaluate.ts";
import type { Parameter } from "../suite/nn/parameter.ts";
import { defineOptimizer } from "../suite/optimizer/declaration.ts";
import type { EventCounters } from "../suite/optimizer/events.ts";
import { fewRows, fewRowsRequest } from "../suite/optimizer/few-rows.ts";
import {
  hyper,
  intervalHyperparameters,
  pipelineHyperparameters,
  variant,
} from "../suite/optimizer/hyperparameters.ts";
import { curvatureDue } from "../suite/optimizer/interval.ts";
import {
  asParameters,
  diagonalOf,
  directionsOf,
  gradientMatrix,
  parametersOf,
  type TreatedLayer,
  treatedLayers,
} from "../suite/optimizer/kronecker.ts";
import { type GradientOf, preconditioned } from "../suite/optimizer/pipeline.ts";
import { logUniform } from "../suite/optimizer/search.ts";
import type { OptimizerState } from "../suite/optimizer/state.ts";

const hyperparameters = z.strictObject({
  ...pipelineHyperparameters(),
  precondLearningRate: hyper(z.number().positive().max(1).default(0.01), {
    symbol: "\\mu_p",
    unit: "1",
    description: "step of the fit, relative to the largest entry of its gradient",
  }),
  curvatureInterval: intervalHyperparameters().curvatureInterval,
  variant: variant("solves with both triangles untransposed"),
});

type Hyperparameters = z.output<typeof hyperparameters>;

export const psgd = defineOptimizer({
  id: "psgd",
  name: "PSGD",
  family: "second-order",
  version: 1,
  order: 7,
  summary: "Kronecker-factored preconditioner fitted to Hessian-vector products.",
  rule: [
    "A = Q_r\\,(Hv)\\,Q_l^\\top,\\quad B = Q_r^{-\\top} v\\, Q_l^{-1}",
    "Q_l \\leftarrow Q_l - \\mu_p\\,\\frac{\\operatorname{triu}(A^\\top A - B^\\top B)}{\\max|\\cdot|}\\,Q_l,\\quad Q_r \\leftarrow Q_r - \\mu_p\\,\\frac{\\operatorname{triu}(AA^\\top - BB^\\top)}{\\max|\\cdot|}\\,Q_r",
    "P(G) = Q_r^\\top Q_r\\, G\\, Q_l^\\top Q_l",
  ],
  citation: {
    authors: "Li",
    title: "Preconditioned Stochastic Gradient Descent",
    year: 2015,
    url: "https://arxiv.org/abs/1512.04202",
  },
  needs: { hessianVectors: true },
  hyperparameters,
  search: { learningRate: logUniform(1e-3, 1), precondLearningRate: logUniform(1e-3, 0.3) },
  paperGrid: { learningRate: [0.3, 0.1, 0.03, 0.01, 0.003, 0.001] },
  schedule: "task",
  cost: ({ dIn: a, dOut: b, rows }) => ({
    curvature: 12 * rows * a * b + 7 * a * b * (a + b) + 2 * (a ** 3 + b ** 3),
    precondition: 4 * a * b * (a + b),
    state: a * a + b * b + a * b,
  }),
  create: preconditioned((context, state, events) => {
    const h = context.hyperparameters;
    const layers = treatedLayers(context.layers, { homogeneous: true, embeddings: false });
    const blocks = layers.map((layer) => fittedBlock(layer, h, state, events));
    const treated = parametersOf(layers, "all");
    const rows = fewRowsRequest(layers);
    const source = context.random("probe");
    const drawProbe = () => {
      const drawn = new Map(
        treated.map((parameter) => {
          const { shape, size } = parameter.variable;
          return [parameter, tf.tensor(source.normal(size), shape)];
        }),
      );
      const probe = context.parameters.map(
        (parameter) => drawn.get(parameter) ?? tf.zerosLike(parameter.variable),
      );
      return { probe, probeOf: lookUp(context.parameters, probe) };
    };
    let drawn: ReturnType<typeof drawProbe> | undefined;

    return {
      treated,
      request: (info) => {
        drawn = curvatureDue(h, info) ? drawProbe() : undefined;
        return { ...rows, ...(drawn && { probe: drawn.probe }) };
      },
      refresh: ({ hessianVector }) => {
        if (!drawn || !hessianVector) return;
        const { probeOf } = drawn;
        const productOf = lookUp(context.parameters, hessianVector);
        for (const block of blocks) inPhase("curvature", () => block.fit(probeOf, productOf));
      },
      apply: (gradientOf, pass) => directionsOf(layers, blocks, gradientOf, pass),
      // One probe: its entries are many, and the sum over them varies little.
      diagnose: (problem) => {
        const { probe, probeOf } = drawProbe();
        const { hessianVector = [] } = problem.evaluate({ probe, repeated: true });
        const productOf = lookUp(context.parameters, hessianVector);
        return { criterion: tf.addN(blocks.map((block) => block.criterion(probeOf, productOf))) };
      },
    };
  }),
});

/** One tensor per parameter, by parameter. */
function lookUp(parameters: readonly Parameter[], tensors: readonly tf.Tensor[]): GradientOf {
  const entries = new Map(parameters.map((parameter, i) => [parameter, tensors[i] as tf.Tensor]));
  return (parameter) => entries.get(parameter) as tf.Tensor;
}

interface FittedBlock {
  /** One step of the fit, for a probe and the Hessian's product with it. */
  fit(probeOf: GradientOf, productOf: GradientOf): void;
  /** `observation`: of the gradient's batch, where the step looks at it. */
  apply(gradientOf: GradientOf, observation?: Observation): [Parameter, tf.Tensor][];
  /** `Hvᵀ P Hv + vᵀ P⁻¹ v` */
  criterion(probeOf: GradientOf, productOf: GradientOf): tf.Scalar;
}

function fittedBlock(
  treated: TreatedLayer,
  { precondLearningRate, variant }: Hyperparameters,
  state: OptimizerState,
  events: EventCounters,
): FittedBlock {
  const { layer, order } = treated;
  const left = state.tensor(`${layer.name}.Ql`, () => tf.eye(layer.dOut));
  const right = state.tensor(`${layer.name}.Qr`, () => tf.eye(order));
  const factors = (): Factors => ({ left: left as tf.Tensor2D, right: right as tf.Tensor2D });

  return {
    fit: (probeOf, productOf) => {
      const probe = gradientMatrix(treated, probeOf);
      const product = gradientMatrix(treated, productOf);
      const balanced = balance(factors());
      const { a, b, ok } = whiten(balanced, probe, product, variant === "asdl");
      const next = {
        left: step(balanced.left, gramDifference(a, b, true), precondLearningRate),
        right: step(balanced.right, gramDifference(a, b, false), precondLearningRate),
      };
      const sums = tf.add(tf.sum(next.left), tf.sum(next.right));
      const usable = [ok, tf.greater(tf.max(tf.abs(product)), 0), tf.isFinite(sums)].reduce(
        (x, y) => tf.logicalAnd(x, y),
      );
      left.assign(tf.where(usable, next.left, left as tf.Tensor2D));
      right.assign(tf.where(usable, next.right, right as tf.Tensor2D));
      events.count("skippedUpdates", tf.sub(1, tf.cast(usable, "float32")));
    },
    apply: (gradientOf, observation) => {
      const { left, right } = factors();
      const few = fewRows(treated, observation);
      if (few) {
        const [h, delta] = [timesGram(few.inputs, right), timesGram(few.outputGradients, left)];
        return asParameters(treated, tf.matMul(h, delta, true, false));
      }
      const whitened = between(right, gradientMatrix(treated, gradientOf), left);
      const inner = upperProduct(right, whitened, { transpose: true });
      return asParameters(treated, upperProduct(left, inner, { side: "right" }));
    },
    criterion: (probeOf, productOf) => {
      const probe = gradientMatrix(treated, probeOf);
      const { a, b } = whiten(factors(), probe, gradientMatrix(treated, productOf), false);
      return tf.add<tf.Scalar>(tf.sum(tf.square(a)), tf.sum(tf.square(b)));
    },
  };
}

/** Upper triangular Q_l `[b, b]` and Q_r `[a, a]`. */
interface Factors {
  readonly left: tf.Tensor2D;
  readonly right: tf.Tensor2D;
}

/** `Q_r M Q_lᵀ` */
const between = (right: tf.Tensor2D, m: tf.Tensor2D, left: tf.Tensor2D): tf.Tensor2D =>
  upperProduct(left, upperProduct(right, m), { transpose: true, side: "right" });

/** `X QᵀQ` */
const timesGram = (x: tf.Tensor2D, q: tf.Tensor2D): tf.Tensor2D =>
  upperProduct(q, upperProduct(q, x, { transpose: true, side: "right" }), { side: "right" });

/** Moves scale between the factors so that their largest diagonal entries are equal. */
function balance({ left, right }: Factors): Factors {
  const r = tf.sqrt(tf.div(tf.max(diagonalOf(left)), tf.max(diagonalOf(right))));
  return { left: tf.div(left, r), right: tf.mul(right, r) };
}

/** `A = Q_r Hv Q_lᵀ` and `B = Q_r⁻ᵀ v Q_l⁻¹`; `untransposed`: `Q_r⁻¹ v Q_l⁻ᵀ`. */
function whiten(
  { left, right }: Factors,
  probe: tf.Tensor2D,
  product: tf.Tensor2D,
  untransposed: boolean,
): { a: tf.Tensor2D; b: tf.Tensor2D; ok: tf.Tensor } {
  const upper = { lower: false } as const;
  const first = triangularSolve(right, probe, { ...upper, transpose: !untransposed });
  const second = triangularSolve(left, first.solution, {
    ...upper,
    side: "right",
    transpose: untransposed,
  });
  return {
    a: between(right, product, left),
    b: second.solution,
    ok: tf.logicalAnd(first.ok, second.ok),
  };
}

/** From this order on a product costs more than mirroring its result. */
const SMALLEST_MIRRORED = 256;

/**
 * A multiple of `triu(AᵀA − BᵀB)`, or of `triu(AAᵀ − BBᵀ)` where not `inner`: where products are dear
 * twice that, by one product, `(A − B)ᵀ(A + B)`, and its transpose.
 */
function gramDifference(a: tf.Tensor2D, b: tf.Tensor2D, inner: boolean): tf.Tensor2D {
  const product = (x: tf.Tensor2D, y: tf.Tensor2D) => tf.matMul<tf.Tensor2D>(x, y, inner, !inner);
  if (a.shape[inner ? 1 : 0] < SMALLEST_MIRRORED) return triu(tf.sub(product(a, a), product(b, b)));
  const both = product(tf.sub(a, b), tf.add(a, b));
  return triu(tf.add(both, tf.transpose(both)));
}

/** `Q − (μ_p/max|∇|)·∇Q`; 1e-30 keeps the quotient finite in float32. */
function step(q: tf.Tensor2D, gradient: tf.Tensor2D, rate: number): tf.Tensor2D {
  const size = tf.div(rate, tf.add(tf.max(tf.abs(gradient)), 1e-30));
  return tf.sub(q, tf.mul(upperTimesUpper(gradient, q), size));
}
