/** @file Normalisations, softmax, and activations with a second tensor. */
import type { Lowering } from "../graph.ts";
import { registerLowering } from "./register.ts";

const softmax: Lowering = {
  inputs: ["logits"],
  lower: ([logits], { dim }) => {
    if (logits?.dtype !== "float32") return null;
    return {
      outputs: [logits],
      emit: (b, [name]) => [b.node("Softmax", [name as string], { axis: dim as number })],
    };
  },
};

/** (x − mean) · scale / √(variance + ε) + offset, in the order in which tfjs computes it. */
const batchNorm: Lowering = {
  inputs: ["x", "mean", "variance", "offset", "scale"],
  lower: ([x, mean, variance, offset, scale], { varianceEpsilon }) => {
    const rank = x?.shape.length;
    const specs = [mean, variance, offset, scale];
    if (x?.dtype !== "float32" || !mean || !variance) return null;
    // Vectors are per channel, which is the last axis; tensors of the same rank broadcast.
    if (specs.some((spec) => spec && spec.shape.length !== 1 && spec.shape.length !== rank)) {
      return null;
    }
    return {
      outputs: [x],
      emit: (b, [xName, meanName, varianceName, offsetName, scaleName]) => {
        const epsilon = b.constant((varianceEpsilon ?? 0.001) as number, "float32");
        const deviation = b.node("Sqrt", [b.node("Add", [varianceName as string, epsilon])]);
        const centred = b.node("Sub", [xName as string, meanName as string]);
        const scaled = scale ? b.node("Mul", [centred, scaleName as string]) : centred;
        const normal = b.node("Div", [scaled, deviation]);
        return [offset ? b.node("Add", [normal, offsetName as string]) : normal];
      },
    };
  },
};

const prelu: Lowering = {
  inputs: ["x", "alpha"],
  lower: ([x, alpha]) => {
    if (x?.dtype !== "float32" || alpha?.dtype !== "float32") return null;
    if (alpha.shape.length > x.shape.length) return null;
    return {
      outputs: [x],
      emit: (b, [name, slope]) => [b.node("PRelu", [name as string, slope as string])],
    };
  },
};

/** y is elu's output: its derivative is 1 above 0 and y + 1 below. */
const eluGrad: Lowering = {
  inputs: ["dy", "y"],
  lower: ([dy, y]) => {
    if (dy?.dtype !== "float32" || y?.dtype !== "float32") return null;
    return {
      outputs: [y],
      emit: (b, [d, name]) => {
        const positive = b.node("GreaterOrEqual", [name as string, b.constant(0, "float32")]);
        const slope = b.node("Add", [name as string, b.constant(1, "float32")]);
        const below = b.node("Mul", [d as string, slope]);
        return [b.node("Where", [positive, d as string, below])];
      },
    };
  },
};

/** Registers kernels of normalisation and activation. */
export function registerNormalization(): void {
  registerLowering("Softmax", softmax);
  registerLowering("FusedBatchNorm", batchNorm);
  registerLowering("Prelu", prelu);
  registerLowering("EluGrad", eluGrad);
}
