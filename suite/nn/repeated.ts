/** @file One pass over a model, called until it repeats itself, and from then on only recorded. */
import type * as tf from "@tensorflow/tfjs-core";
import { Repetition } from "../engine/repetition.ts";
import type { Model } from "./model.ts";
import type { Shown } from "./observation.ts";
import type { Batch, PartialPass, PassRequest } from "./pass.ts";

/** What a pass depends on beside the model, the batch and the request. */
export interface PassSettings {
  readonly terms: number;
  readonly labelSmoothing: number;
  readonly forward: { readonly training: boolean };
  readonly uniforms?: tf.Tensor1D;
}

/** The passes of one kind, each described by the one that was called: which tensor is what. */
type Repeated = Repetition<PartialPass>;

/** By model; by its request's `only`, or the model where all layers show; by the rest of the request. */
const known = new WeakMap<Model, WeakMap<object, Map<string, Repeated>>>();

/** `evaluate()`, which is a pass over the model. */
export function repeatedPass(
  model: Model,
  batch: Batch,
  request: PassRequest,
  settings: PassSettings,
  evaluate: () => PartialPass,
): PartialPass {
  const { uniforms } = settings;
  const sources = [
    ...model.parameters.map(({ variable }) => variable),
    ...(request.probe ?? []),
    batch.inputs,
    batch.labels,
    ...(uniforms ? [uniforms] : []),
  ];
  const { tensors, description } = repeatedFor(model, request, settings).call(sources, () => {
    const pass = evaluate();
    return { tensors: tensorsOf(pass), description: pass };
  });
  return withTensors(description, tensors);
}

function repeatedFor(model: Model, request: PassRequest, settings: PassSettings): Repeated {
  const { only, probe, ...flags } = request;
  const { terms, labelSmoothing, forward } = settings;
  const asked = FLAGS.map((flag) => (flags[flag] ? 1 : 0)).join("");
  const key = `${asked} ${probe?.length} ${terms} ${labelSmoothing} ${forward.training}`;
  const byRequest = known.get(model) ?? new WeakMap<object, Map<string, Repeated>>();
  known.set(model, byRequest);
  const byKey = byRequest.get(only ?? model) ?? new Map<string, Repeated>();
  byRequest.set(only ?? model, byKey);
  const repeated = byKey.get(key) ?? new Repetition<PartialPass>();
  byKey.set(key, repeated);
  return repeated;
}

/** All of a request that is a switch; `satisfies` holds it to be complete. */
const FLAGS = Object.keys({
  inputs: true,
  preactivations: true,
  outputGradients: true,
  sampledOutputGradients: true,
  sampledGradients: true,
  repeated: true,
} satisfies Record<Flag, true>) as Flag[];

type Flag = Exclude<keyof PassRequest, "only" | "probe">;

/** What a layer may have shown. */
const SHOWN = ["input", "preactivation", "outputGradient", "sampledOutputGradient"] as const;

/** In the order in which `withTensors` takes them. */
function tensorsOf(pass: PartialPass): tf.Tensor[] {
  const { loss, gradients, shown, sampledGradients = [], hessianVector = [] } = pass;
  const observed = shown.flatMap((one) => SHOWN.flatMap((name) => one[name] ?? []));
  return [loss, ...gradients, ...sampledGradients, ...hessianVector, ...observed];
}

/** The same pass with other tensors. */
function withTensors(pass: PartialPass, tensors: readonly tf.Tensor[]): PartialPass {
  let taken = 0;
  const next = <T extends tf.Tensor>() => tensors[taken++] as T;
  const all = (list: readonly tf.Tensor[]) => list.map(() => next());
  const { gradients, shown, sampledGradients, hessianVector } = pass;
  return {
    loss: next<tf.Scalar>(),
    gradients: all(gradients),
    ...(sampledGradients && { sampledGradients: all(sampledGradients) }),
    ...(hessianVector && { hessianVector: all(hessianVector) }),
    shown: shown.map((one): Shown => {
      const seen = SHOWN.filter((name) => one[name]).map((name) => [name, next()] as const);
      return { ...one, ...Object.fromEntries(seen) };
    }),
  };
}
