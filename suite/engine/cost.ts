/**
 * @file FLOPs and bytes, counted where tfjs calls a kernel, so that every backend reports the same.
 *
 * A multiply-add is two FLOPs. Matrix products and convolutions count exactly; a kernel that
 * computes element by element counts one per element of its result, a reduction one per element of
 * its input, softmax five per element; moving, choosing and comparing elements counts none.
 * Bytes are those of the kernel's inputs and outputs. Peak bytes are those of all live tensors, as
 * tfjs counts them.
 */
import type { NamedTensorInfoMap, TensorInfo } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import type { Attributes } from "./graph.ts";
import { sizeOf } from "./graph.ts";
import type { Phase } from "./phase.ts";
import { currentPhase, PHASES } from "./phase.ts";

export interface PhaseCost {
  flops: number;
  bytes: number;
}

export interface Cost extends PhaseCost {
  phases: Record<Phase, PhaseCost>;
  peakBytes: number;
}

/** FLOPs of one kernel call. */
export type CostRule = (
  inputs: Readonly<NamedTensorInfoMap>,
  attributes: Attributes,
  outputs: readonly TensorInfo[],
) => number;

type RunKernel = (
  kernelName: string,
  inputs: NamedTensorInfoMap,
  attributes?: tf.NamedAttrMap,
) => tf.Tensor | tf.Tensor[];

const rules = new Map<string, CostRule>();

let counted: Cost | undefined;
let uncounted: RunKernel | undefined;

/** States what a kernel costs; custom kernels bring their own rule. */
export function registerCost(kernelName: string, rule: CostRule): void {
  rules.set(kernelName, rule);
}

/** Starts counting from zero. Until `stopCost`, every kernel call is booked to its phase. */
export function startCost(): void {
  stopCost();
  const phases = Object.fromEntries(
    PHASES.map((phase) => [phase, { flops: 0, bytes: 0 }]),
  ) as Cost["phases"];
  const cost: Cost = { phases, flops: 0, bytes: 0, peakBytes: tf.memory().numBytes };
  const engine = tf.engine() as unknown as { runKernel: RunKernel };
  const original = engine.runKernel;
  let inside = false;
  engine.runKernel = (kernelName, inputs, attributes) => {
    // Kernels that another kernel is made of on some backend are part of it.
    if (inside) return original.call(engine, kernelName, inputs, attributes);
    inside = true;
    let result: tf.Tensor | tf.Tensor[];
    try {
      result = original.call(engine, kernelName, inputs, attributes);
    } finally {
      inside = false;
    }
    book(cost, kernelName, inputs, attributes ?? {}, Array.isArray(result) ? result : [result]);
    return result;
  };
  counted = cost;
  uncounted = original;
}

/** What was counted since `startCost`. Throws where counting is off. */
export function readCost(): Cost {
  if (counted === undefined) throw new Error("Cost is not being counted: call startCost() first.");
  const phases = { ...counted.phases };
  for (const phase of PHASES) phases[phase] = { ...phases[phase] };
  return { ...counted, phases };
}

export function isCounting(): boolean {
  return counted !== undefined;
}

/** Runs `work`, and says what it cost where cost is being counted; peak bytes beyond those at its start. */
export function countedIn<T>(work: () => T): { result: T; cost: Cost | undefined } {
  if (counted === undefined) return { result: work(), cost: undefined };
  const before = readCost();
  const { numBytes } = tf.engine().state;
  counted.peakBytes = numBytes;
  const result = work();
  const after = readCost();
  const phases = { ...after.phases };
  for (const phase of PHASES) phases[phase] = difference(after.phases[phase], before.phases[phase]);
  counted.peakBytes = Math.max(before.peakBytes, after.peakBytes);
  return {
    result,
    cost: { ...difference(after, before), phases, peakBytes: after.peakBytes - numBytes },
  };
}

const difference = (a: PhaseCost, b: PhaseCost): PhaseCost => ({
  flops: a.flops - b.flops,
  bytes: a.bytes - b.bytes,
});

/** Books what `countedIn` found once more. */
export function bookAgain({ flops, bytes, phases, peakBytes }: Cost): void {
  if (counted === undefined) return;
  for (const phase of PHASES) {
    counted.phases[phase].flops += phases[phase].flops;
    counted.phases[phase].bytes += phases[phase].bytes;
  }
  counted.flops += flops;
  counted.bytes += bytes;
  counted.peakBytes = Math.max(counted.peakBytes, tf.engine().state.numBytes + peakBytes);
}

/** Stops counting; calling it again changes nothing. */
export function stopCost(): void {
  if (uncounted === undefined) return;
  (tf.engine() as unknown as { runKernel: RunKernel }).runKernel = uncounted;
  counted = undefined;
  uncounted = undefined;
}

function book(
  cost: Cost,
  kernelName: string,
  inputs: NamedTensorInfoMap,
  attributes: Attributes,
  outputs: readonly TensorInfo[],
): void {
  const flops = rules.get(kernelName)?.(inputs, attributes, outputs) ?? 0;
  let bytes = 0;
  if (!FREE.has(kernelName)) {
    for (const name in inputs) bytes += bytesOf(inputs[name]);
    for (const output of outputs) bytes += bytesOf(output);
  }
  const phase = cost.phases[currentPhase()];
  phase.flops += flops;
  phase.bytes += bytes;
  cost.flops += flops;
  cost.bytes += bytes;
  const { numBytes } = tf.engine().state;
  if (numBytes > cost.peakBytes) cost.peakBytes = numBytes;
}

/** Kernels that only give their input another shape. */
const FREE: ReadonlySet<string> = new Set(["Identity", "Reshape", "ExpandDims"]);

/** Strings count as four bytes each. */
const ELEMENT_BYTES: Readonly<Record<tf.DataType, number>> = {
  float32: 4,
  int32: 4,
  bool: 1,
  string: 4,
  complex64: 8,
};

function bytesOf(info: TensorInfo | undefined): number {
  return info ? sizeOf(info.shape) * ELEMENT_BYTES[info.dtype] : 0;
}

const outputSize: CostRule = (_, __, [output]) => sizeOf(output?.shape ?? []);
const inputSize: CostRule = (inputs) => sizeOf(Object.values(inputs)[0]?.shape ?? []);

const ELEMENTWISE = [
  "Abs Acos Acosh Add Asin Asinh Atan Atan2 Atanh Ceil ClipByValue Cos Cosh Elu EluGrad Erf Exp",
  "Expm1 Floor FloorDiv LeakyRelu Log Log1p Maximum Minimum Mod Multiply Neg Pow Prelu RealDiv",
  "Reciprocal Relu Relu6 Round Rsqrt Selu Sigmoid Sign Sin Sinh Softplus Sqrt Square",
  "SquaredDifference Step Sub Tan Tanh",
].flatMap((names) => names.split(" "));

for (const name of ELEMENTWISE) registerCost(name, outputSize);
for (const name of ["Sum", "Mean", "Prod", "Max", "Min", "Cumsum", "UnsortedSegmentSum"]) {
  registerCost(name, inputSize);
}
registerCost("AddN", (inputs, _, [output]) => {
  return (Object.keys(inputs).length - 1) * sizeOf(output?.shape ?? []);
});
registerCost("Softmax", (...call) => 5 * outputSize(...call));
// A multiplication and an addition per element, once mean and variance are known.
registerCost("FusedBatchNorm", (...call) => 2 * outputSize(...call));

const product: CostRule = ({ a }, { transposeA }, [output]) => {
  const inner = a?.shape.at(transposeA ? -2 : -1) ?? 0;
  return 2 * inner * sizeOf(output?.shape ?? []);
};

registerCost("BatchMatMul", product);
registerCost("_FusedMatMul", (inputs, attributes, outputs) => {
  return product(inputs, attributes, outputs) + (inputs.bias ? sizeOf(outputs[0]?.shape ?? []) : 0);
});

/** Every element of dy meets kh·kw·cIn weights, in the forward pass and in both gradients. */
function convolution(dy: TensorInfo | undefined, filterShape: readonly number[]): number {
  return 2 * sizeOf(dy?.shape ?? []) * sizeOf(filterShape.slice(0, 3));
}

registerCost("Conv2D", ({ filter }, _, [y]) => convolution(y, filter?.shape ?? []));
registerCost("FusedConv2D", ({ filter }, _, [y]) => convolution(y, filter?.shape ?? []));
registerCost("Conv2DBackpropInput", ({ dy, filter }) => convolution(dy, filter?.shape ?? []));
registerCost("Conv2DBackpropFilter", ({ dy }, { filterShape }) => {
  return convolution(dy, filterShape as number[]);
});
registerCost("DepthwiseConv2dNative", ({ filter }, _, [y]) => {
  return 2 * sizeOf(y?.shape ?? []) * sizeOf(filter?.shape.slice(0, 2) ?? []);
});
const pooling: CostRule = (_, { filterSize }, [y]) => {
  const [height, width] = [filterSize].flat(1) as number[];
  return sizeOf(y?.shape ?? []) * (height ?? 1) * (width ?? height ?? 1);
};
registerCost("MaxPool", pooling);
registerCost("AvgPool", pooling);
