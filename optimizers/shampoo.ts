/**
 * @file Shampoo: every axis of a weight's gradient multiplied by a root of what has been seen there.
 *
 *   S_i ← S_i + G_(i)G_(i)ᵀ   ("sum": AdaGrad, never forgets)          G_(i)  unfolding along axis i
 *   S_i ← (1 − ρ)S_i + ρ G_(i)G_(i)ᵀ, divided by 1 − (1 − ρ)ᵗ          ("ema")
 *   X_i = (S_i + λ·λmax(S_i)·I)^(−1/p),   p = 2·(number of axes)
 *   P(G) = G ×₁ X₁ ×₂ X₂ …                                              a matrix: X_1 G X_2
 *
 * Gupta, Koren & Singer 2018; practice: Anil et al. 2020 (2002.09018). From S = 1e-12·I. λ is
 * relative to the top eigenvalue, found by power iteration from the last eigenvector. Weights of
 * linear layers, convolutions (four axes; an axis of size 1 has X = 1 but counts in p), embeddings
 * and tied tables are treated, whatever layers they serve; biases and norm parameters keep their
 * gradient. No grafting and no blocks unless asked for. `variant: "asdl"` leaves every ridge in the
 * stored statistic for good, as the paper's library does.
 *
 * In float32 the root is good to 1e-9/λ; below λ = 1e-7 it takes a larger ridge, and counts it, or
 * `precision: "float64"`.
 *
 * Per matrix [a, b]: 2ab(a + b) FLOPs of curvature, 5 to 14 inverses of a³ and b³ per root,
 * 2ab(a + b) per step; 2(a² + b²) floats of state. Where a large layer's rows are few they take fewer
 * FLOPs than its gradient (few-rows.ts), and where every step renews the roots, systems fewer than these
 * (root-system.ts): the same but for rounding.
 */
import * as tf from "@tensorflow/tfjs-core";
import { z } from "zod";
import { inPhase } from "../suite/engine/phase.ts";
import { frobenius, largestEigenvalue } from "../suite/linalg/index.ts";
import type { Parameter } from "../suite/nn/parameter.ts";
import { axisGram, blockShapes, fromBlocks, toBlocks } from "../suite/optimizer/axes.ts";
import { identity } from "../suite/optimizer/bfgs.ts";
import { defineOptimizer } from "../suite/optimizer/declaration.ts";
import {
  fewRows,
  fewRowsRequest,
  type GradientRows,
  rowsGram,
  rowsGramsAreCheaper,
} from "../suite/optimizer/few-rows.ts";
import {
  hyper,
  intervalHyperparameters,
  pipelineHyperparameters,
  precision,
  statisticsHyperparameters,
  variant,
} from "../suite/optimizer/hyperparameters.ts";
import { curvatureDue, inverseDue } from "../suite/optimizer/interval.ts";
import { treatedLayers } from "../suite/optimizer/kronecker.ts";
import { preconditioned } from "../suite/optimizer/pipeline.ts";
import { type Posing, posedRootProducts, sideBySide } from "../suite/optimizer/posed-systems.ts";
import {
  axesProduct,
  type RootSystem,
  type RootSystemContext,
  rootSystem,
  rowsProduct,
} from "../suite/optimizer/root-system.ts";
import { logUniform } from "../suite/optimizer/search.ts";
import type { OptimizerState, StoredNumber } from "../suite/optimizer/state.ts";

const hyperparameters = z.strictObject({
  ...pipelineHyperparameters(0.03),
  damping: hyper(z.number().min(0).max(1e6).default(1e-6), {
    symbol: "\\lambda",
    unit: "largest eigenvalue",
    description: "ridge, relative to each statistic's largest eigenvalue",
  }),
  statistics: hyper(z.enum(["sum", "ema"]).default("sum"), {
    symbol: "",
    unit: "1",
    description: "sum: of all gradients so far (AdaGrad); ema: moving average",
  }),
  emaRate: statisticsHyperparameters("ema").emaRate,
  ...intervalHyperparameters(),
  exponent: hyper(z.union([z.literal(0), z.number().int().min(2).max(64)]).default(0), {
    symbol: "p",
    unit: "1",
    description: "root that is taken; 0: twice the number of axes",
  }),
  grafting: hyper(z.enum(["none", "sgd"]).default("none"), {
    symbol: "",
    unit: "1",
    description: "sgd: the direction takes the length of the gradient, block by block",
  }),
  blockSize: hyper(z.number().int().min(0).default(0), {
    symbol: "",
    unit: "entries",
    description: "longer axes are cut into blocks, each a tensor of its own; 0: none",
  }),
  precision: precision(),
  variant: variant("adds every ridge to the stored statistic for good"),
});

type Hyperparameters = z.output<typeof hyperparameters>;

export const shampoo = defineOptimizer({
  id: "shampoo",
  name: "Shampoo",
  family: "second-order",
  version: 1,
  order: 6,
  summary: "Inverse roots of accumulated gradient covariances, axis by axis.",
  rule: [
    "S_i \\leftarrow S_i + G_{(i)} G_{(i)}^\\top",
    "P(G) = G \\times_1 X_1 \\times_2 X_2 \\cdots,\\quad X_i = (S_i + \\lambda\\lambda_{\\max}(S_i) I)^{-1/p},\\quad p = 2\\cdot\\mathrm{axes}",
  ],
  citation: {
    authors: "Gupta, Koren, Singer",
    title: "Shampoo: Preconditioned Stochastic Tensor Optimization",
    year: 2018,
    url: "https://arxiv.org/abs/1802.09568",
  },
  needs: {},
  hyperparameters,
  search: { learningRate: logUniform(1e-3, 1), damping: logUniform(1e-7, 1e-1) },
  paperGrid: {
    learningRate: [0.3, 0.1, 0.03, 0.01, 0.003, 0.001],
    damping: [1, 1e-3, 1e-6, 1e-9],
  },
  schedule: "task",
  cost: ({ dIn: a, dOut: b }) => ({
    curvature: 2 * a * b * (a + b),
    inverse: 9 * (a ** 3 + b ** 3),
    precondition: 2 * a * b * (a + b),
    state: 2 * (a * a + b * b) + a * b,
  }),
  create: preconditioned((context, state, events) => {
    const h = context.hyperparameters;
    const treated = context.parameters.filter(({ variable }) => variable.rank >= 2);
    const pose = posedRootProducts({ ridge: h.damping, precision: h.precision }, events);
    const tensors = treated.map((parameter) => rootedTensor(parameter, h, state, { pose, events }));
    const unblocked = h.blockSize === 0 ? context.layers : [];
    const matrices = new Map(
      treatedLayers(unblocked, { homogeneous: false, embeddings: false })
        .filter((matrix) => matrix.layer.weight.variable.rank === 2)
        .map((matrix) => [matrix.layer.weight, matrix]),
    );
    const shown = fewRowsRequest([...matrices.values()]);
    return {
      treated,
      request: () => shown,
      refresh: () => {},
      apply: (gradientOf, { observations }, _, info) => {
        const directions = sideBySide(
          treated.map(function* (parameter, i): Posing<tf.Tensor> {
            const tensor = tensors[i] as RootedTensor;
            const matrix = matrices.get(parameter);
            const rows = matrix && fewRows(matrix, observations.get(matrix.layer));
            const blocks = toBlocks(gradientOf(parameter), h.blockSize);
            if (curvatureDue(h, info)) inPhase("curvature", () => tensor.observe(blocks, rows));
            if (inverseDue(h, info)) inPhase("inverse", () => tensor.takeRoots());
            const applied = yield* tensor.apply(blocks, rows);
            return fromBlocks(applied, parameter.variable.shape, h.blockSize);
          }),
        );
        return new Map(treated.map((parameter, i) => [parameter, directions[i] as tf.Tensor]));
      },
      diagnose: () => Object.assign({}, ...tensors.map((tensor) => tensor.diagnose())),
    };
  }),
});

/** One parameter, as a list of blocks; or its only one as few rows, which take fewer FLOPs. */
interface RootedTensor {
  observe(blocks: readonly tf.Tensor[], rows?: GradientRows): void;
  takeRoots(): void;
  apply(blocks: readonly tf.Tensor[], rows?: GradientRows): Posing<tf.Tensor[]>;
  diagnose(): Record<string, tf.Tensor>;
}

function rootedTensor(
  { name, variable }: Parameter,
  h: Hyperparameters,
  state: OptimizerState,
  context: RootSystemContext,
): RootedTensor {
  const shapes = blockShapes(variable.shape, h.blockSize);
  const p = h.exponent || 2 * variable.rank;
  const counts: Counts = {
    updates: state.number(`${name}.updates`, 0),
    roots: state.number(`${name}.roots`, 0),
  };
  const blocks = shapes.map((shape, i) => {
    const prefix = shapes.length === 1 ? name : `${name}.block${i}`;
    return shape.map((d, axis) =>
      d === 1 ? undefined : rootedAxis({ prefix, axis, d, p, counts }, h, state, context),
    );
  });
  const axes = blocks.flat().filter((axis) => axis !== undefined);

  return {
    observe: (gradients, rows) => {
      counts.updates.value++;
      const byRows = rows && rowsGramsAreCheaper(rows) ? rows : undefined;
      blocks.forEach((axes, i) => {
        axes.forEach((one, axis) => {
          const gram = () =>
            byRows ? rowsGram(byRows, axis) : axisGram(gradients[i] as tf.Tensor, axis);
          one?.observe(gram());
        });
      });
    },
    takeRoots: () => {
      for (const axis of axes) axis.takeRoot();
      counts.roots.value++;
    },
    *apply(gradients, rows) {
      const directions: tf.Tensor[] = [];
      for (const [i, gradient] of gradients.entries()) {
        const roots = (blocks[i] as (RootedAxis | undefined)[]).map((one) => one?.root);
        const direction = yield* rows ? rowsProduct(rows, roots) : axesProduct(gradient, roots);
        directions.push(h.grafting === "none" ? direction : grafted(direction, gradient));
      }
      return directions;
    },
    diagnose: () => Object.assign({}, ...axes.map((axis) => axis.diagnose())),
  };
}

function grafted(direction: tf.Tensor, gradient: tf.Tensor): tf.Tensor {
  const ratio = tf.div(frobenius(gradient), tf.add(frobenius(direction), 1e-16));
  return tf.mul(direction, ratio);
}

/** How often statistics and roots have been renewed. */
interface Counts {
  readonly updates: StoredNumber;
  readonly roots: StoredNumber;
}

interface AxisOptions {
  readonly prefix: string;
  readonly axis: number;
  readonly d: number;
  readonly p: number;
  readonly counts: Counts;
}

/** One axis of one block. */
interface RootedAxis {
  observe(gram: tf.Tensor2D): void;
  takeRoot(): void;
  /** X `[d, d]` */
  readonly root: RootSystem;
  diagnose(): Record<string, tf.Tensor>;
}

function rootedAxis(
  { prefix, axis, d, p, counts }: AxisOptions,
  { statistics, emaRate, damping, precision, variant, inverseInterval }: Hyperparameters,
  state: OptimizerState,
  context: RootSystemContext,
): RootedAxis {
  const s = state.tensor(`${prefix}.S${axis}`, () => tf.mul(tf.eye(d), 1e-12));
  const everyStep = inverseInterval === 1;
  const options = { order: d, p, ridge: damping, precision, everyStep };
  const root = rootSystem(state, `${prefix}.X${axis}`, options, context);
  const top = state.tensor(`${prefix}.top${axis}`, () => tf.zeros([d]));
  const estimate = (): tf.Tensor2D =>
    statistics === "sum"
      ? (s as tf.Tensor2D)
      : tf.div(s, 1 - (1 - emaRate) ** counts.updates.value);
  const largest = () =>
    largestEigenvalue(estimate(), counts.roots.value > 0 ? { start: top as tf.Tensor1D } : {});

  return {
    root,
    observe: (gram) => {
      const kept = statistics === "sum" ? s : tf.mul(s, 1 - emaRate);
      const added = statistics === "sum" ? gram : tf.mul(gram, emaRate);
      s.assign(tf.add(kept, added));
    },
    takeRoot: () => {
      const { value, vector } = largest();
      top.assign(vector);
      root.refresh(estimate(), value);
      if (variant === "asdl") s.assign(tf.add(s, tf.mul(identity(d), tf.mul(value, damping))));
    },
    diagnose: () => {
      const { value } = largest();
      // X's top is the bottom of S + ridge: (λmin + ridge)^(−1/p).
      const bottom = tf.pow(largestEigenvalue(root.root(estimate(), value)).value, -p);
      return {
        [`largestEigenvalue.${prefix}.${axis}`]: value,
        [`condition.${prefix}.${axis}`]: tf.div(tf.mul(value, 1 + damping), bottom),
      };
    },
  };
}
