/** @file What an evaluation is given, asked for and gives back. */
import type * as tf from "@tensorflow/tfjs-core";
import type { Observation, Shown } from "./observation.ts";
import type { KroneckerLayer } from "./parameter.ts";

export interface Batch {
  /** `[n, …]` */
  readonly inputs: tf.Tensor;
  /** int32 `[rows]`: rows = n, or n·T for token models. */
  readonly labels: tf.Tensor1D;
  readonly examples: number;
}

export interface PassRequest {
  readonly inputs?: boolean;
  readonly preactivations?: boolean;
  /** Output gradients for the true labels. */
  readonly outputGradients?: boolean;
  /** Output gradients for labels drawn from the model: the true Fisher, one Monte Carlo sample. */
  readonly sampledOutputGradients?: boolean;
  /** Parameter gradients for labels drawn from the model. */
  readonly sampledGradients?: boolean;
  /**
   * Which layers show what is asked for, by their rows in the whole batch; all without it. A function that
   * always answers alike.
   */
  readonly only?: (layer: KroneckerLayer, rows: number) => boolean;
  /** One direction per parameter: asks for the product of the Hessian with it. */
  readonly probe?: readonly tf.Tensor[];
  /** This batch was passed before: leave batch norm's running moments alone. */
  readonly repeated?: boolean;
}

/** All tensors belong to the caller's tidy. Lists follow `model.parameters`. */
export interface Pass {
  readonly loss: tf.Scalar;
  readonly gradients: readonly tf.Tensor[];
  readonly observations: ReadonlyMap<KroneckerLayer, Observation>;
  readonly sampledGradients?: readonly tf.Tensor[];
  readonly hessianVector?: readonly tf.Tensor[];
}

/** A (micro-)batch's addend to the whole batch's pass. */
export interface PartialPass extends Omit<Pass, "observations"> {
  readonly shown: readonly Shown[];
}
