/** @file The custom kernels on the backend `onnxruntime`: each is a graph. */
import type { NamedTensorInfoMap, TensorInfo } from "@tensorflow/tfjs-core";
import type { OnnxBackend } from "../backend.ts";
import { EngineError } from "../error.ts";
import type { Attributes, LoweredKernel, Lowering, TensorSpec } from "../graph.ts";
import { registerLowering, registerOn } from "../lowering/register.ts";
import type { TriangularForm } from "./dense/triangular.ts";
import {
  CHOLESKY,
  INVERSE_ROOT,
  INVERSE_ROOT_PRODUCT,
  LARGEST_EIGENVALUE,
  type PowerIteration,
  QR,
  REDUCED_EIGEN,
  rootProductsOf,
  SPD_INVERSE,
  SPD_SOLVE,
  SYMMETRIC_EIGEN,
  systemsOf,
  TRIANGULAR_SOLVE,
} from "./kernels.ts";
import { emitCholesky } from "./onnx/cholesky.ts";
import { emitInverseRoot } from "./onnx/inverse-root.ts";
import { emitInverseRootProducts } from "./onnx/inverse-root-product.ts";
import type { Float } from "./onnx/matrix.ts";
import { emitLargestEigenvalue } from "./onnx/power-iteration.ts";
import { emitQr } from "./onnx/qr.ts";
import { emitReflectors } from "./onnx/reflectors.ts";
import { emitSpdInverse } from "./onnx/spd-inverse.ts";
import { emitSpdSolve } from "./onnx/spd-solve.ts";
import { emitTriangularSolve } from "./onnx/triangular.ts";
import type { RootAttributes } from "./rational.ts";

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
    const shape = [...(matrix as TensorSpec).shape];
    const stack = shape.slice(0, -2);
    const n = order(matrix && { ...matrix, shape: shape.slice(-2) }, SPD_INVERSE);
    const options = { n, dtype: precision as Float, ...(stack[0] && { count: stack[0] }) };
    return {
      outputs: [
        { shape, dtype: "float32" },
        { shape: stack, dtype: "int32" },
      ],
      emit: (b, inputs) => {
        const [name, damping, previous] = inputs as [string, string, string];
        return emitSpdInverse(b, { matrix: name, damping, previous }, options);
      },
    };
  },
};

const spdSolve: Lowering = {
  lower: (specs, { precision }) => {
    const rights = systemsOf(specs as TensorSpec[]).map(({ matrix, rhs }) => {
      order(matrix, SPD_SOLVE);
      return rhs;
    });
    return {
      outputs: [...rights, { shape: [rights.length], dtype: "int32" }],
      emit: (b, inputs) => {
        const systems = systemsOf(inputs).map((names, i) => {
          const [n, columns] = (rights[i] as TensorSpec).shape as [number, number];
          return { ...names, n, columns };
        });
        return emitSpdSolve(b, systems, precision as Float);
      },
    };
  },
};

const cholesky: Lowering = {
  inputs: ["matrix"],
  lower: ([matrix], { precision }) => {
    const n = order(matrix, CHOLESKY);
    return {
      outputs: [matrixOf(n, n), scalar("bool")],
      emit: (b, [name]) => emitCholesky(b, name as string, n, precision as Float),
    };
  },
};

const triangularSolve: Lowering = {
  inputs: ["triangular", "rhs"],
  lower: ([triangular, rhs], attributes) => {
    const n = order(triangular, TRIANGULAR_SOLVE);
    const form = attributes as unknown as TriangularForm;
    return {
      outputs: [rhs as TensorSpec, scalar("bool")],
      emit: (b, [name, right]) => emitTriangularSolve(b, name as string, right as string, n, form),
    };
  },
};

const qr: Lowering = {
  inputs: ["matrix"],
  lower: ([matrix], { precision }) => {
    const [m, n] = (matrix as TensorSpec).shape as [number, number];
    return {
      outputs: [matrixOf(m, n), matrixOf(n, n), scalar("bool")],
      emit: (b, [name]) => emitQr(b, name as string, m, n, precision as Float),
    };
  },
};

const largestEigenvalue: Lowering = {
  inputs: ["matrix", "start"],
  lower: ([matrix], attributes) => {
    const n = order(matrix, LARGEST_EIGENVALUE);
    const iteration = attributes as unknown as PowerIteration;
    return {
      outputs: [scalar("float32"), { shape: [n], dtype: "float32" }, scalar("int32")],
      emit: (b, inputs) => {
        const [matrix, start] = inputs as [string, string | undefined];
        return emitLargestEigenvalue(b, matrix, start, n, iteration);
      },
    };
  },
};

const inverseRoot: Lowering = {
  inputs: ["matrix", "largest", "previous"],
  lower: ([matrix], attributes) => {
    const n = order(matrix, INVERSE_ROOT);
    const root = attributes as unknown as RootAttributes;
    return {
      outputs: [matrixOf(n, n), scalar("int32"), scalar("float32")],
      emit: (b, [name, largest, previous]) =>
        emitInverseRoot(
          b,
          { matrix: name as string, largest: largest as string, previous: previous as string },
          n,
          root,
        ),
    };
  },
};

const inverseRootProduct: Lowering = {
  lower: (specs, attributes) => {
    const products = rootProductsOf(specs as TensorSpec[]).map(({ matrix, rows }) => {
      return { n: order(matrix, INVERSE_ROOT_PRODUCT), rows };
    });
    const root = attributes as unknown as RootAttributes;
    return {
      outputs: [...products.map(({ rows }) => rows), { shape: [products.length], dtype: "int32" }],
      emit: (b, inputs) => {
        const named = rootProductsOf(inputs).map((names, i) => {
          const { n, rows } = products[i] as (typeof products)[number];
          return { ...names, n, m: rows.shape[0] as number };
        });
        return emitInverseRootProducts(b, named, root);
      },
    };
  },
};

const applyReflectors: LoweredKernel = {
  name: "ApplyReflectors",
  lowering: {
    inputs: ["vectors", "reflectors", "factors"],
    lower: ([vectors]) => {
      const n = order(vectors, "ApplyReflectors");
      return {
        outputs: [matrixOf(n, n)],
        emit: (b, inputs) => {
          const [name, reflectors, factors] = inputs as [string, string, string];
          return [emitReflectors(b, { vectors: name, reflectors, factors }, n)];
        },
      };
    },
  },
};

/**
 * ONNX has nothing that finds eigenvectors: JavaScript does, in float64, and counts as a fallback.
 * Only the last products are a graph.
 */
function symmetricEigen(
  backend: OnnxBackend,
  inputs: NamedTensorInfoMap,
  attributes: Attributes,
): TensorInfo[] {
  const reduced = backend.fallBack(REDUCED_EIGEN, inputs, attributes) as TensorInfo[];
  const [values, z, reflectors, factors, ok] = reduced as [
    TensorInfo,
    TensorInfo,
    TensorInfo,
    TensorInfo,
    TensorInfo,
  ];
  const parts = { vectors: z, reflectors, factors };
  const vectors = backend.run(applyReflectors, parts, {}) as TensorInfo;
  for (const part of Object.values(parts)) backend.disposeIntermediateTensorInfo(part);
  return [values, vectors, ok];
}

let registered = false;

/** Registers every custom kernel as a graph, once. */
export function registerCustomLowerings(): void {
  if (registered) return;
  registered = true;
  registerLowering(SPD_INVERSE, spdInverse);
  registerLowering(SPD_SOLVE, spdSolve);
  registerLowering(CHOLESKY, cholesky);
  registerLowering(TRIANGULAR_SOLVE, triangularSolve);
  registerLowering(QR, qr);
  registerLowering(LARGEST_EIGENVALUE, largestEigenvalue);
  registerLowering(INVERSE_ROOT, inverseRoot);
  registerLowering(INVERSE_ROOT_PRODUCT, inverseRootProduct);
  registerOn(SYMMETRIC_EIGEN, symmetricEigen);
}
