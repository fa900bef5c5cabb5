/**
 * @file One evaluation of the training loss on a batch, with everything a second-order method may
 * ask for: layer inputs, output gradients for true and for sampled labels, Hessian-vector products.
 * All come from one forward pass.
 */
import * as tf from "@tensorflow/tfjs-core";
import { inPhase } from "../engine/phase.ts";
import { crossEntropy, sampleOneHot } from "./losses.ts";
import type { ForwardPass, Model } from "./model.ts";
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
  /** One direction per parameter: asks for the product of the Hessian with it. */
  readonly probe?: readonly tf.Tensor[];
  /** This batch was passed before: leave batch norm's running moments alone. */
  readonly repeated?: boolean;
}

/** What one layer showed. Gradients are of the *mean* loss; the specification's e is `terms` times. */
export interface Observation {
  readonly rows: number;
  /** Rows per example: 1, tokens, or output positions of a convolution. */
  readonly positions: number;
  /** `[rows, dIn]`; embedding: int32 `[rows]`. */
  readonly inputs?: tf.Tensor;
  /** `[rows, dOut]` */
  readonly preactivations?: tf.Tensor2D;
  readonly outputGradients?: tf.Tensor2D;
  readonly sampledOutputGradients?: tf.Tensor2D;
}

/** All tensors belong to the caller's tidy. Lists follow `model.parameters`. */
export interface Pass {
  readonly loss: tf.Scalar;
  readonly gradients: readonly tf.Tensor[];
  readonly observations: ReadonlyMap<KroneckerLayer, Observation>;
  readonly sampledGradients?: readonly tf.Tensor[];
  readonly hessianVector?: readonly tf.Tensor[];
}

export interface EvaluateOptions {
  readonly labelSmoothing: number;
  readonly forward: Omit<ForwardPass, "observe" | "updateStatistics">;
  /** Uniforms in [0, 1), one per row, for drawing labels. */
  readonly drawUniforms?: (rows: number) => Float32Array;
}

/** One layer in one forward pass. Its tensors but `preactivation` outlive the gradient scope. */
interface Seen {
  readonly layer: KroneckerLayer;
  readonly preactivation: tf.Tensor;
  readonly inputs?: tf.Tensor;
  readonly keptPreactivation?: tf.Tensor;
}

/** Tensors made inside a gradient scope die with it, unless kept there and adopted outside. */
const keep = (tensor: tf.Tensor): tf.Tensor => tf.keep(tf.clone(tensor));

function adopt<T extends tf.Tensor>(kept: tf.Tensor): T {
  const copy = tf.clone(kept);
  kept.dispose();
  return copy as T;
}

/** A backward pass: its value and its gradients, in the order asked for. */
interface Backward {
  readonly value: tf.Tensor;
  readonly grads: tf.Tensor[];
}

const backward = (f: () => tf.Tensor, sources: tf.Tensor[], dy?: tf.Tensor): Backward =>
  tf.engine().gradients(f, sources, dy, true);

/**
 * Loss, gradients and what `request` asks for, on one batch. Call it inside `tf.tidy`.
 *
 * One tape serves several backward passes: nested `gradients` calls share the outer one's tape, and
 * each walks only the part between what it is asked for and its output, so that a backward pass for
 * sampled labels computes no weight gradients.
 */
export function evaluateBatch(
  model: Model,
  batch: Batch,
  request: PassRequest,
  options: EvaluateOptions,
): Pass {
  const variables = model.parameters.map(({ variable }) => variable as tf.Tensor);
  const seen: Seen[] = [];
  // The engine reads this list after the forward pass has run: pre-activations join it then.
  const sources: tf.Tensor[] = [...variables];
  let sampled: SampledBackward | undefined;

  const lossOf = (): tf.Scalar => {
    const logits = inPhase("forward", () => runForward(model, batch, request, options, seen));
    if (request.sampledOutputGradients || request.sampledGradients) {
      sampled = inPhase("curvature", () =>
        sampledBackward(logits, seen, variables, request, options),
      );
    }
    if (request.outputGradients) sources.push(...seen.map((entry) => entry.preactivation));
    return inPhase("forward", () => crossEntropy(logits, batch.labels, options.labelSmoothing));
  };

  const { main, hessianVector } = request.probe
    ? throughDirection(lossOf, sources, variables, request.probe)
    : { main: inPhase("backward", () => backward(lossOf, sources)), hessianVector: undefined };
  return {
    loss: main.value as tf.Scalar,
    gradients: main.grads.slice(0, variables.length),
    observations: collect(seen, main.grads.slice(variables.length), sampled, batch.examples),
    ...(sampled && request.sampledGradients && { sampledGradients: sampled.parameters.map(adopt) }),
    ...(hessianVector && { hessianVector }),
  };
}

function runForward(
  model: Model,
  batch: Batch,
  request: PassRequest,
  options: EvaluateOptions,
  seen: Seen[],
): tf.Tensor2D {
  const { inputs, preactivations, outputGradients, sampledOutputGradients } = request;
  const observe: ForwardPass["observe"] = (layer, rows, preactivation) => {
    seen.push({
      layer,
      preactivation,
      ...(inputs && { inputs: keep(rows()) }),
      ...(preactivations && { keptPreactivation: keep(preactivation) }),
    });
  };
  return model.apply(batch.inputs, {
    ...options.forward,
    updateStatistics: !request.repeated,
    ...((inputs || preactivations || outputGradients || sampledOutputGradients) && { observe }),
  });
}

/** Hessian times `probe`, as the gradient of ⟨gradient, probe⟩; and the gradient itself. */
function throughDirection(
  lossOf: () => tf.Scalar,
  sources: tf.Tensor[],
  variables: tf.Tensor[],
  probe: readonly tf.Tensor[],
): { main: Backward; hessianVector: tf.Tensor[] } {
  let inner: Backward | undefined;
  const directional = () => {
    const loss = lossOf();
    const { value, grads } = inPhase("backward", () => backward(() => loss, sources));
    inner = { value: keep(value), grads: grads.map(keep) };
    return innerProduct(grads.slice(0, probe.length), probe);
  };
  const outer = inPhase("curvature", () => backward(directional, variables));
  const { value, grads } = inner as unknown as Backward;
  return { main: { value: adopt(value), grads: grads.map(adopt) }, hessianVector: outer.grads };
}

interface SampledBackward {
  /** Kept; one per layer seen. */
  readonly outputs: tf.Tensor[];
  /** Kept; one per parameter, if asked for. */
  readonly parameters: tf.Tensor[];
}

/** Backward with labels drawn from the model; gradients of their mean negative log-likelihood. */
function sampledBackward(
  logits: tf.Tensor2D,
  seen: readonly Seen[],
  variables: readonly tf.Tensor[],
  request: PassRequest,
  options: EvaluateOptions,
): SampledBackward {
  if (!options.drawUniforms) {
    throw new Error("This optimizer draws labels from the model: give `drawUniforms`.");
  }
  const rows = logits.shape[0];
  const probabilities = tf.softmax(logits);
  const drawn = sampleOneHot(probabilities, tf.tensor1d(options.drawUniforms(rows)));
  const dLogits = tf.div(tf.sub(probabilities, drawn), rows);
  const outputs = request.sampledOutputGradients ? seen.map((entry) => entry.preactivation) : [];
  const parameters = request.sampledGradients ? variables : [];
  const { grads } = backward(() => logits, [...outputs, ...parameters], dLogits);
  const kept = grads.map(keep);
  return { outputs: kept.slice(0, outputs.length), parameters: kept.slice(outputs.length) };
}

/** Σ ⟨aᵢ, bᵢ⟩ */
function innerProduct(a: readonly tf.Tensor[], b: readonly tf.Tensor[]): tf.Scalar {
  return tf.addN(a.map((x, i) => tf.sum(tf.mul(x, b[i] as tf.Tensor)))) as tf.Scalar;
}

function collect(
  seen: readonly Seen[],
  outputGradients: readonly tf.Tensor[],
  sampled: SampledBackward | undefined,
  examples: number,
): Map<KroneckerLayer, Observation> {
  const observations = new Map<KroneckerLayer, Observation>();
  seen.forEach(({ layer, preactivation, inputs, keptPreactivation }, i) => {
    const rows = preactivation.size / layer.dOut;
    const asRows = (x: tf.Tensor) => tf.reshape<tf.Rank.R2>(x, [rows, layer.dOut]);
    const gradient = outputGradients[i];
    const sampledGradient = sampled?.outputs[i];
    observations.set(layer, {
      rows,
      positions: rows / examples,
      ...(inputs && { inputs: adopt(inputs) }),
      ...(keptPreactivation && { preactivations: asRows(adopt(keptPreactivation)) }),
      ...(gradient && { outputGradients: asRows(gradient) }),
      ...(sampledGradient && { sampledOutputGradients: asRows(adopt(sampledGradient)) }),
    });
  });
  return observations;
}
