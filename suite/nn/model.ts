/** @file A model: parameters, observable layers, and a forward pass; and the builder that makes one. */
import * as tf from "@tensorflow/tfjs-core";
import type { KroneckerLayer, ModelBuffer, Parameter, ParameterRole } from "./parameter.ts";
import type { RandomSource } from "./random.ts";

/** Called with what each Kronecker layer takes in and gives out during a forward pass. */
export type LayerObserver = (
  layer: KroneckerLayer,
  /** What the layer was given; `asRows` makes `[rows, dIn]` of it (embedding: int32 `[rows]`). */
  input: tf.Tensor,
  /** `[…, dOut]`, the layer's output before any activation. */
  preactivation: tf.Tensor,
  /** Called late and only where rows are asked for: a convolution's patches are large. */
  asRows: (input: tf.Tensor) => tf.Tensor,
) => void;

export interface ForwardPass {
  /** Dropout and batch statistics on or off. */
  readonly training: boolean;
  /** Move batch norm's running moments: only in the first pass over a batch. */
  readonly updateStatistics: boolean;
  /** Weight of this batch in the running moments; 0.1 as in PyTorch if not given. */
  readonly statisticsWeight?: number;
  /** Stream of dropout masks; required when the model has dropout and `training` is on. */
  readonly dropout?: RandomSource;
  readonly observe?: LayerObserver;
}

export interface Model {
  readonly parameters: readonly Parameter[];
  readonly layers: readonly KroneckerLayer[];
  readonly buffers: readonly ModelBuffer[];
  /**
   * Inputs `[n, …]` to logits `[rows, classes]`; rows = n, or n·T for token models. Depends on nothing but
   * its arguments, parameters and buffers, and draws only from `pass.dropout`: in training it is called until
   * it repeats itself, and from then on what it did is done without it (repeated.ts).
   */
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
    const parameter = { name, role, variable: this.#variable(name, shape, values, true) };
    this.parameters.push(parameter);
    return parameter;
  }

  buffer(name: string, shape: number[], values: Float32Array): ModelBuffer {
    const buffer = { name, variable: this.#variable(name, shape, values, false) };
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

  #variable(name: string, shape: number[], values: Float32Array, trainable: boolean): tf.Variable {
    if ([...this.parameters, ...this.buffers].some((other) => other.name === name)) {
      throw new Error(`The model has two parameters named "${name}". Name each path once.`);
    }
    // In a tidy, so that the tensor it starts from goes: the variable holds its values.
    return tf.tidy(() => tf.variable(tf.tensor(values, shape), trainable));
  }
}

export function disposeModel(model: Model): void {
  for (const { variable } of [...model.parameters, ...model.buffers]) variable.dispose();
}

export function countParameters(model: Model): number {
  return model.parameters.reduce((sum, { variable }) => sum + variable.size, 0);
}
