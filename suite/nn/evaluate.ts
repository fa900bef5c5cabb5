/**
 * @file One evaluation of the training loss on a batch, with everything a second-order method may
 * ask for: layer inputs, output gradients for true and for sampled labels, Hessian-vector products.
 * All come from one forward pass.
 */
import * as tf from "@tensorflow/tfjs-core";
import { inPhase } from "../engine/phase.ts";
import { crossEntropy, sampleOneHot } from "./losses.ts";
import { inMicroBatches } from "./micro-batch.ts";
import type { ForwardPass, Model } from "./model.ts";
import { collect, type Shown } from "./observation.ts";
import type { KroneckerLayer } from "./parameter.ts";
import type { Batch, PartialPass, Pass, PassRequest } from "./pass.ts";
import { repeatedPass } from "./repeated.ts";

export type { Observation } from "./observation.ts";
export type { Batch, Pass, PassRequest } from "./pass.ts";

export interface EvaluateOptions {
  readonly labelSmoothing: number;
  readonly forward: Omit<ForwardPass, "observe" | "updateStatistics">;
  /** Uniforms in [0, 1), one per row, for drawing labels. */
  readonly drawUniforms?: (rows: number) => Float32Array;
  /**
   * Examples that pass through the model at once; all if not given. Results are the whole batch's:
   * of the model's work only one micro-batch's is in memory, and what was asked to be observed. Only
   * batch norm (its moments become the micro-batch's) and the order of dropout masks differ.
   */
  readonly microBatchSize?: number;
}

/** What `evaluatePart` needs to know beside its share of the batch. */
export interface PartOptions extends Omit<EvaluateOptions, "drawUniforms" | "microBatchSize"> {
  /** N of the whole batch. */
  readonly terms: number;
  /** One per row of this part, where labels are drawn. */
  readonly uniforms?: tf.Tensor1D;
}

/** One layer in one forward pass. `input` and `keptPreactivation` outlive the gradient scope. */
interface Seen {
  readonly layer: KroneckerLayer;
  readonly preactivation: tf.Tensor;
  readonly asRows: (input: tf.Tensor) => tf.Tensor;
  readonly input?: tf.Tensor;
  readonly keptPreactivation?: tf.Tensor;
}

/** Tensors made inside a gradient scope die with it, unless kept there and adopted outside. */
const keep = (tensor: tf.Tensor): tf.Tensor => tf.keep(tf.clone(tensor));

function adopt(kept: tf.Tensor): tf.Tensor {
  const copy = tf.clone(kept);
  kept.dispose();
  return copy;
}

/** A backward pass: its value and its gradients, in the order asked for. */
interface Backward {
  readonly value: tf.Tensor;
  readonly grads: tf.Tensor[];
}

const backward = (f: () => tf.Tensor, sources: tf.Tensor[], dy?: tf.Tensor): Backward =>
  tf.engine().gradients(f, sources, dy, true);

/** Loss, gradients and what `request` asks for, on one batch. Call it inside `tf.tidy`. */
export function evaluateBatch(
  model: Model,
  batch: Batch,
  request: PassRequest,
  options: EvaluateOptions,
): Pass {
  const { labelSmoothing, forward, microBatchSize = batch.examples } = options;
  const terms = batch.labels.size;
  const uniforms = drawUniforms(request, options, terms);
  const common = { labelSmoothing, forward, terms };
  const { shown, ...sums } = inMicroBatches(batch, microBatchSize, uniforms, (part, drawn) => {
    const all = { ...common, ...(drawn && { uniforms: tf.tensor1d(drawn) }) };
    return repeatedPass(model, part, request, all, () => evaluatePart(model, part, request, all));
  });
  return { ...sums, observations: collect(shown, batch.examples) };
}

function drawUniforms(
  { sampledOutputGradients, sampledGradients }: PassRequest,
  options: EvaluateOptions,
  rows: number,
): Float32Array | undefined {
  if (!sampledOutputGradients && !sampledGradients) return undefined;
  if (!options.drawUniforms) {
    throw new Error("This optimizer draws labels from the model: give `drawUniforms`.");
  }
  return options.drawUniforms(rows);
}

/**
 * One tape serves several backward passes: nested `gradients` calls share the outer one's tape, and
 * each walks only the part between what it is asked for and its output, so that a backward pass for
 * sampled labels computes no weight gradients.
 */
function evaluatePart(
  model: Model,
  batch: Batch,
  request: PassRequest,
  options: PartOptions,
): PartialPass {
  const variables = model.parameters.map(({ variable }) => variable as tf.Tensor);
  const seen: Seen[] = [];
  // The engine reads this list after the forward pass has run: pre-activations join it then.
  const sources: tf.Tensor[] = [...variables];
  let sampled: SampledBackward | undefined;

  const lossOf = (): tf.Scalar => {
    const logits = inPhase("forward", () => runForward(model, batch, request, options, seen));
    const { uniforms, labelSmoothing, terms } = options;
    if (uniforms) {
      sampled = inPhase("curvature", () =>
        sampledBackward(logits, seen, variables, request, terms, uniforms),
      );
    }
    if (request.outputGradients) sources.push(...seen.map((entry) => entry.preactivation));
    return inPhase("forward", () => crossEntropy(logits, batch.labels, labelSmoothing, terms));
  };

  const { main, hessianVector } = request.probe
    ? throughDirection(lossOf, sources, variables, request.probe)
    : { main: inPhase("backward", () => backward(lossOf, sources)), hessianVector: undefined };
  requireGradients(model, main.grads);
  return {
    loss: main.value as tf.Scalar,
    gradients: main.grads.slice(0, variables.length),
    shown: show(seen, main.grads.slice(variables.length), sampled?.outputs ?? []),
    ...(sampled && request.sampledGradients && { sampledGradients: sampled.parameters.map(adopt) }),
    ...(hessianVector && { hessianVector }),
  };
}

function requireGradients({ parameters }: Model, gradients: readonly (tf.Tensor | undefined)[]) {
  const unused = parameters.find((_, i) => !gradients[i]);
  if (!unused) return;
  throw new Error(
    `The loss does not depend on the parameter "${unused.name}": use it in the model's forward pass, or do not declare it.`,
  );
}

function runForward(
  model: Model,
  batch: Batch,
  request: PassRequest,
  options: PartOptions,
  seen: Seen[],
): tf.Tensor2D {
  const { inputs, preactivations, outputGradients, sampledOutputGradients } = request;
  const parts = options.terms / batch.labels.size;
  const observe: ForwardPass["observe"] = (layer, input, preactivation, asRows) => {
    const rows = Math.round((preactivation.size / layer.dOut) * parts);
    if (request.only && !request.only(layer, rows)) return;
    seen.push({
      layer,
      preactivation,
      asRows,
      ...(inputs && { input: keep(input) }),
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
  terms: number,
  uniforms: tf.Tensor1D,
): SampledBackward {
  const probabilities = tf.softmax(logits);
  const drawn = sampleOneHot(probabilities, uniforms);
  const dLogits = tf.div(tf.sub(probabilities, drawn), terms);
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

function show(
  seen: readonly Seen[],
  outputGradients: readonly tf.Tensor[],
  sampledOutputGradients: readonly tf.Tensor[],
): Shown[] {
  return seen.map(({ layer, preactivation, asRows, input, keptPreactivation }, i) => {
    const outputGradient = outputGradients[i];
    const sampled = sampledOutputGradients[i];
    return {
      layer,
      size: preactivation.size,
      asRows,
      ...(input && { input: adopt(input) }),
      ...(keptPreactivation && { preactivation: adopt(keptPreactivation) }),
      ...(outputGradient && { outputGradient }),
      ...(sampled && { sampledOutputGradient: adopt(sampled) }),
    };
  });
}
