/** @file A model: parameters, observable layers, and a forward pass; and the builder that makes one. */
import * as tf from "@tensorflow/tfjs-core";
import type { KroneckerLayer, ModelBuffer, Parameter, ParameterRole } from "./parameter.ts";
import type { RandomSource } from "./random.ts";

/** Called with each Kronecker layer's input rows and pre-activation during a forward pass. */
export type LayerObserver = (
  layer: KroneckerLayer,
  /** `[rows, dIn]` (convolution: patches; made only when called), embedding: int32 `[rows]`. */
  inputs: () => tf.Tensor,
  /** `[…, dOut]`, the layer's output before any activation. */
  preactivation: tf.Tensor,
) => void;

export interface ForwardPass {
  /** Dropout and batch statistics on or off. */
  readonly training: boolean;
  /** Move batch norm's running moments: only in the first pass over a batch. */
  readonly updateStatistics: boolean;
  /** Stream of dropout masks; required when the model has dropout and `training` is on. */
  readonly dropout?: RandomSource;
  readonly observe?: LayerObserver;
}

export interface Model {
  readonly parameters: readonly Parameter[];
  readonly layers: readonly KroneckerLayer[];
  readonly buffers: readonly ModelBuffer[];
  /** Inputs `[n, …]` to logits `[rows, classes]`; rows = n, or n·T for token models. */
  apply(inputs: tf.Tensor, pass: ForwardPass): tf.Tensor2D;
}

/** Collects what layers declare while a model is built. */
export class ModelBuilder {
  readonly parameters: Parameter[] = [];
  readonly layers: KroneckerLayer[] = [];
  readonly buffers: ModelBuffer[] = [];
  readonly random: RandomSource;

  /** @param random the `init` stream: parameters draw from it in declaration order. */
  constructor(random: RandomSource) {
    this.random = random;
  }

  parameter(name: string, role: ParameterRole, shape: number[], values: Float32Array): Parameter {
    const parameter = { name, role, variable: tf.variable(tf.tensor(values, shape), true) };
    this.parameters.push(parameter);
    return parameter;
  }

  buffer(name: string, shape: number[], values: Float32Array): ModelBuffer {
    const buffer = { name, variable: tf.variable(tf.tensor(values, shape), false) };
    this.buffers.push(buffer);
    return buffer;
  }

  layer(layer: KroneckerLayer): KroneckerLayer {
    this.layers.push(layer);
    return layer;
  }

  build(apply: Model["apply"]): Model {
    return { parameters: this.parameters, layers: this.layers, buffers: this.buffers, apply };
  }
}

export function disposeModel(model: Model): void {
  for (const { variable } of [...model.parameters, ...model.buffers]) variable.dispose();
}

export function countParameters(model: Model): number {
  return model.parameters.reduce((sum, { variable }) => sum + variable.size, 0);
}
