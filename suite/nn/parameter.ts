/** @file What optimizers see of a model: its parameters, and the layers with Kronecker structure. */
import type * as tf from "@tensorflow/tfjs-core";

/**
 * `weight` multiplies activations (linear, convolution), `bias` is added to them, `norm` scales or
 * shifts normalised ones, `embedding` is looked up by index (token or position table).
 */
export type ParameterRole = "weight" | "bias" | "norm" | "embedding";

export interface Parameter {
  /** Path in the model, as the model's origin names it, e.g. timm's `blocks.0.attn.qkv.weight`. */
  readonly name: string;
  readonly role: ParameterRole;
  /** Linear `[dIn, dOut]`, convolution `[kh, kw, cIn, cOut]`, embedding `[entries, dOut]`. */
  readonly variable: tf.Variable;
}

/**
 * A layer whose weight gradient is a sum of outer products of an input row and an output gradient:
 * `G [dIn, dOut] = hᵀδ`. A convolution's rows are its patches, an embedding's are one-hot.
 */
export interface KroneckerLayer {
  readonly name: string;
  readonly kind: "linear" | "convolution" | "embedding";
  readonly weight: Parameter;
  readonly bias?: Parameter;
  /** Linear: inputs. Convolution: kh·kw·cIn. Embedding: entries. */
  readonly dIn: number;
  readonly dOut: number;
  /** Where it stands: Muon leaves the first convolution and the head to AdamW. */
  readonly place: "first" | "hidden" | "head";
  /**
   * Its weight serves two layers (a head tied to the token embedding): the gradient is the sum of two
   * outer products, and the head uses the weight transposed, `[dOut, dIn]`.
   */
  readonly tied: boolean;
}

/** State that training moves but no gradient does: batch norm's running moments. */
export interface ModelBuffer {
  readonly name: string;
  readonly variable: tf.Variable;
}
