/** @file The custom kernels on the backend `onnxruntime`: each is a graph. */
import { EngineError } from "../error.ts";
import type { Lowering, TensorSpec } from "../graph.ts";
import { registerLowering } from "../lowering/register.ts";
import { SPD_INVERSE } from "./kernels.ts";
import type { Float } from "./onnx/matrix.ts";
import { emitSpdInverse } from "./onnx/spd-inverse.ts";

const scalar = (dtype: "float32" | "int32" | "bool"): TensorSpec => ({ shape: [], dtype });
const matrixOf = (rows: number, columns: number): TensorSpec => ({
  shape: [rows, columns],
  dtype: "float32",
});

/** The order of a square float32 matrix. */
function order(spec: TensorSpec | undefined, kernel: string): number {
  const [rows, columns] = spec?.shape ?? [];
  if (spec?.dtype === "float32" && spec.shape.length === 2 && rows && rows === columns) return rows;
  throw new EngineError(
    "unsupported-shape",
    `The kernel ${kernel} was called with ${spec?.dtype}[${spec?.shape}].`,
    "It takes a square float32 matrix [d, d] with d at least 1.",
  );
}

const spdInverse: Lowering = {
  inputs: ["matrix", "damping", "previous"],
  lower: ([matrix], { precision }) => {
    const n = order(matrix, SPD_INVERSE);
    return {
      outputs: [matrixOf(n, n), scalar("int32")],
      emit: (b, [name, damping, previous]) =>
        emitSpdInverse(
          b,
          { matrix: name as string, damping: damping as string, previous: previous as string },
          n,
          precision as Float,
        ),
    };
  },
};

let registered = false;

/** Registers every custom kernel as a graph, once. */
export function registerCustomLowerings(): void {
  if (registered) return;
  registered = true;
  registerLowering(SPD_INVERSE, spdInverse);
}
