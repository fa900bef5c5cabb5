/** @file Matrix products, plain and batched, and tfjs's fused product with bias and activation. */
import { backend_util } from "@tensorflow/tfjs-core";
import type { GraphBuilder, Lowering, TensorSpec } from "../graph.ts";
import { sizeOf } from "../graph.ts";
import { activation, activationLowers } from "./activation.ts";
import { registerLowering } from "./register.ts";

interface Product {
  readonly shape: readonly number[];
  emit(b: GraphBuilder, x: string, y: string): string;
}

/** x [..., m, k] times y [..., k, n], each perhaps stored transposed, with broadcast batches. */
function product(
  a: TensorSpec,
  b: TensorSpec,
  transposeA: boolean,
  transposeB: boolean,
): Product | null {
  if (a.dtype !== b.dtype || a.shape.length < 2 || b.shape.length < 2) return null;
  const [aRows, aColumns] = a.shape.slice(-2) as [number, number];
  const [bRows, bColumns] = b.shape.slice(-2) as [number, number];
  const m = transposeA ? aColumns : aRows;
  const n = transposeB ? bRows : bColumns;
  const inner = transposeA ? aRows : aColumns;
  if (inner !== (transposeB ? bColumns : bRows)) return null;
  const batch = backend_util.assertAndGetBroadcastShape(
    [...a.shape.slice(0, -2)],
    [...b.shape.slice(0, -2)],
  );
  const shape = [...batch, m, n];
  const flags = { transA: transposeA ? 1 : 0, transB: transposeB ? 1 : 0 };
  if (a.dtype === "int32") return integerProduct(a, b, shape, flags);
  if (a.dtype !== "float32") return null;
  if (sizeOf(batch) === 1) {
    return {
      shape,
      emit: (builder, x, y) => {
        const matrix = (name: string, spec: TensorSpec) =>
          spec.shape.length === 2 ? name : builder.reshape(name, spec.shape.slice(-2));
        const result = builder.node("Gemm", [matrix(x, a), matrix(y, b)], flags);
        return shape.length === 2 ? result : builder.reshape(result, shape);
      },
    };
  }
  return {
    shape,
    emit: (builder, x, y) => builder.node("com.microsoft:FusedMatMul", [x, y], flags),
  };
}

function integerProduct(
  a: TensorSpec,
  b: TensorSpec,
  shape: readonly number[],
  flags: { transA: number; transB: number },
): Product {
  const swapped = (builder: GraphBuilder, name: string, rank: number) => {
    const perm = Array.from({ length: rank }, (_, i) => i);
    perm.splice(-2, 2, rank - 1, rank - 2);
    return builder.node("Transpose", [name], { perm });
  };
  return {
    shape,
    emit: (builder, x, y) =>
      builder.node("MatMul", [
        flags.transA ? swapped(builder, x, a.shape.length) : x,
        flags.transB ? swapped(builder, y, b.shape.length) : y,
      ]),
  };
}

const batchMatMul: Lowering = {
  inputs: ["a", "b"],
  lower: ([a, b], { transposeA, transposeB }) => {
    if (!a || !b) return null;
    const result = product(a, b, Boolean(transposeA), Boolean(transposeB));
    if (result === null) return null;
    return {
      outputs: [{ shape: result.shape, dtype: a.dtype }],
      emit: (builder, [x, y]) => [result.emit(builder, x as string, y as string)],
    };
  },
};

const fusedMatMul: Lowering = {
  inputs: ["a", "b", "bias", "preluActivationWeights"],
  lower: ([a, b, bias, slopes], attributes) => {
    if (a?.dtype !== "float32" || !b || !activationLowers(attributes.activation)) return null;
    const result = product(a, b, Boolean(attributes.transposeA), Boolean(attributes.transposeB));
    if (result === null) return null;
    return {
      outputs: [{ shape: result.shape, dtype: "float32" }],
      emit: (builder, [x, y, biasName, slopeName]) => {
        const plain = result.emit(builder, x as string, y as string);
        const biased = bias ? builder.node("Add", [plain, biasName as string]) : plain;
        return [activation(builder, biased, attributes, slopes && slopeName)];
      },
    };
  },
};

/** Registers BatchMatMul and _FusedMatMul. */
export function registerMatMul(): void {
  registerLowering("BatchMatMul", batchMatMul);
  registerLowering("_FusedMatMul", fusedMatMul);
}
