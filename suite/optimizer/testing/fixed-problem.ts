/** @file Problems whose gradients and observations are given, whatever the parameters are. */
import * as tf from "@tensorflow/tfjs-core";
import type { Pass, PassRequest } from "../../nn/evaluate.ts";
import type { KroneckerLayer, Parameter, ParameterRole } from "../../nn/parameter.ts";
import type { RandomSource } from "../../nn/random.ts";
import type { Optimizer, OptimizerDeclaration } from "../declaration.ts";
import type { Problem } from "../problem.ts";
import { asRows, type Matrix, multiply, scale, transpose } from "./matrix.ts";
import { flat, type Nested, shapeOf } from "./nested.ts";

/** A parameter that starts at these values. */
export function parameter(name: string, values: Nested, role: ParameterRole = "weight"): Parameter {
  return { name, role, variable: tf.variable(tf.tensor(flat(values), shapeOf(values))) };
}

/** A linear layer `fc`, its weight `[dIn, dOut]` zero (and its bias, where asked for). */
export function linearLayer(dIn: number, dOut: number, withBias = false): KroneckerLayer {
  const zeros = Array.from({ length: dIn }, () => new Array<number>(dOut).fill(0));
  return {
    name: "fc",
    kind: "linear",
    weight: parameter("fc.weight", zeros),
    ...(withBias && { bias: parameter("fc.bias", new Array<number>(dOut).fill(0), "bias") }),
    dIn,
    dOut,
    place: "hidden",
    tied: false,
  };
}

/** What a step is given, as nested arrays. */
export interface Given {
  /** In the order of the parameters. */
  readonly gradients: readonly Nested[];
  /** `[rows, dIn]` */
  readonly inputs?: Nested;
  /** `[rows, dOut]`, of the summed loss. */
  readonly outputGradients?: Nested;
  readonly sampledOutputGradients?: Nested;
  /** `[rows, dOut]` */
  readonly preactivations?: Nested;
  readonly hessianVector?: readonly Nested[];
  /** The Hessian's product with a probe, where it is not fixed. */
  readonly hessianTimes?: (probe: readonly tf.Tensor[]) => tf.Tensor[];
  /** As gradients, for labels drawn from the model. */
  readonly sampledGradients?: readonly Nested[];
  readonly examples?: number;
  readonly terms?: number;
}

/** Input rows; a list is an embedding's ids. */
const rowsOf = (values: Nested) =>
  shapeOf(values).length === 1 ? tf.tensor1d(flat(values), "int32") : tensorOf(values);

const tensorOf = (values: Nested) => tf.tensor(flat(values), shapeOf(values));

/** One optimizer over given parameters (those of `layer`, or a lone one), fed by hand. */
export interface Bench {
  readonly optimizer: Optimizer;
  step(given: Given): void;
  values(): number[][];
  /** The first entry of each diagnostic. */
  diagnose(given: Given): Record<string, number>;
  /** What was asked of the problem so far, pass by pass. */
  readonly requests: PassRequest[];
  dispose(): void;
}

/**
 * @param settings over the declaration's defaults
 * @param random what the method draws from
 */
export function benchOf(
  declaration: OptimizerDeclaration,
  over: KroneckerLayer | Parameter | readonly Parameter[],
  settings: Readonly<Record<string, unknown>> = {},
  random?: RandomSource,
): Bench {
  const layers = "kind" in over ? [over] : [];
  const parameters =
    "kind" in over
      ? [over.weight, ...(over.bias ? [over.bias] : [])]
      : "variable" in over
        ? [over]
        : over;
  const optimizer = declaration.create({
    hyperparameters: declaration.hyperparameters.parse(settings),
    parameters,
    layers,
    random: () => random as RandomSource,
  });
  const requests: PassRequest[] = [];
  let step = 0;
  const problemOf = (given: Given): Problem => {
    const { examples = 1, terms = examples, hessianTimes } = given;
    const evaluate = (request: PassRequest = {}) => {
      requests.push(request);
      const pass = passOf(given, layers, terms);
      const { probe } = request;
      return probe && hessianTimes ? { ...pass, hessianVector: hessianTimes(probe) } : pass;
    };
    return { examples, terms, evaluate };
  };
  return {
    optimizer,
    requests,
    step: (given) => {
      const info = { step: step++, rateFactor: 1, progress: 0 };
      tf.tidy(() => optimizer.step(problemOf(given), info)).dispose();
    },
    diagnose: (given) =>
      tf.tidy(() => {
        const values = Object.entries(optimizer.diagnose?.(problemOf(given)) ?? {});
        const numbers = values.map(([name, tensor]) => [name, tensor.dataSync()[0] as number]);
        return Object.fromEntries(numbers) as Record<string, number>;
      }),
    values: () => parameters.map(({ variable }) => [...variable.dataSync()]),
    dispose: () => {
      optimizer.state.dispose();
      for (const { variable } of parameters) variable.dispose();
    },
  };
}

/** What one layer's first step is given. */
export interface LayerBatch {
  /** `[rows, dIn]`; embedding: `[rows]`. */
  readonly inputs: Nested;
  /** `[rows, dOut]`, of the summed loss. */
  readonly outputGradients?: Matrix;
  readonly sampledOutputGradients?: Matrix;
  readonly preactivations?: Matrix;
  /** `[dIn, dOut]`, of the mean loss; that of the rows, if not given. */
  readonly gradient?: Matrix;
  readonly biasGradient?: number[];
  readonly kind?: KroneckerLayer["kind"];
  readonly examples?: number;
  readonly terms?: number;
}

/** P(G) of a method's first step on one layer: the weight's `[dIn, dOut]`, and the bias's. */
export function firstDirection(
  declaration: OptimizerDeclaration,
  batch: LayerBatch,
  settings: Readonly<Record<string, unknown>>,
): { weight: Matrix; bias: number[] } {
  const { inputs, outputGradients = [], biasGradient, kind = "linear" } = batch;
  const rows = (inputs as readonly Nested[]).length;
  const { examples = rows, terms = examples } = batch;
  const gradient =
    batch.gradient ?? scale(multiply(transpose(inputs as Matrix), outputGradients), 1 / terms);
  const [dIn, dOut] = [gradient.length, (gradient[0] as number[]).length];
  const layer = { ...linearLayer(dIn, dOut, biasGradient !== undefined), kind };
  const bench = benchOf(declaration, layer, { ...PLAIN_STEP, ...settings });
  const gradients = biasGradient ? [gradient, biasGradient] : [gradient];
  bench.step({ ...batch, gradients, examples, terms });
  const [weight = [], bias = []] = bench.values();
  bench.dispose();
  return { weight: scale(asRows(weight, dOut), -1), bias: bias.map((x) => -x) };
}

/** The settings under which a pipeline method's step is `θ − P(g)`. */
export const PLAIN_STEP = { learningRate: 1, momentum: 0, weightDecay: 0, clipNorm: 1e30 };

function passOf(given: Given, layers: readonly KroneckerLayer[], terms: number): Pass {
  const ofMean = (values: Nested) => tf.div(tensorOf(values), terms) as tf.Tensor2D;
  const { inputs, preactivations, outputGradients, sampledOutputGradients } = given;
  const { hessianVector, sampledGradients } = given;
  const observation = {
    rows: inputs ? (shapeOf(inputs)[0] as number) : 0,
    positions: 1,
    ...(inputs && { inputs: rowsOf(inputs) }),
    ...(outputGradients && { outputGradients: ofMean(outputGradients) }),
    ...(preactivations && { preactivations: tensorOf(preactivations) as tf.Tensor2D }),
    ...(sampledOutputGradients && { sampledOutputGradients: ofMean(sampledOutputGradients) }),
  };
  return {
    loss: tf.scalar(0),
    gradients: given.gradients.map(tensorOf),
    observations: new Map(layers.map((layer) => [layer, observation])),
    ...(hessianVector && { hessianVector: hessianVector.map(tensorOf) }),
    ...(sampledGradients && { sampledGradients: sampledGradients.map(tensorOf) }),
  };
}
