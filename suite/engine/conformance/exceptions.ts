/** @file Specs of tfjs-core's tests that the backend `onnxruntime` does not pass, each with its reason. */

export interface Exception {
  /** Full name of the spec, without the backend in it. */
  readonly spec: string;
  readonly reason: string;
  /** tfjs defines the spec for other backends only, so it cannot even be run. */
  readonly undefinedHere?: boolean;
}

const CPU_ONLY =
  "tfjs defines it only for a backend named `cpu`; our own test moves tensors between backends.";

export const EXCEPTIONS: readonly Exception[] = [
  {
    spec: "gradients errors if relevant ops are missing grads",
    reason:
      "It expects LogicalAnd to have no gradient. The repaired registry gives it a zero gradient, without which second derivatives of `where` throw.",
  },
  {
    spec: "Switching cpu backends Move data from cpu1 to cpu2 backend",
    reason: CPU_ONLY,
    undefinedHere: true,
  },
  {
    spec: "Switching cpu backends can execute op with data from mixed backends",
    reason: CPU_ONLY,
    undefinedHere: true,
  },
];
