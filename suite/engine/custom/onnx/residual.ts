/** @file How far an inverse root is from being one, without forming its powers. */
import type { GraphBuilder } from "../../graph.ts";
import { PROBES, probeAngle } from "../kernels.ts";
import type { RootAttributes } from "../rational.ts";
import { type Float, inFloat, total } from "./matrix.ts";

/** Names of a matrix, its largest eigenvalue, and the ridge relative to it. */
export interface Spectrum {
  readonly s: string;
  readonly top: string;
  readonly rho: string;
}

/** `‖Xᵖ(S + ρλI)V − V‖/‖V‖` for fixed probe vectors V: certifies X without forming Xᵖ. */
export function residualOf(
  b: GraphBuilder,
  { root, s, top, rho }: Spectrum & { root: string },
  n: number,
  { p, precision: dtype }: RootAttributes,
): string {
  const probes = probeVectors(b, n, dtype);
  const damped = b.node("Mul", [probes, b.node("Mul", [rho, top])]);
  let image = b.node("Add", [b.node("MatMul", [s, probes]), damped]);
  for (let i = 0; i < p; i++) image = b.node("MatMul", [root, image]);
  const error = b.node("Sub", [image, probes]);
  const squared = (x: string) => total(b, b.node("Mul", [x, x]));
  return inFloat(
    b,
    b.node("Sqrt", [b.node("Div", [squared(error), squared(probes)])]),
    dtype,
    "float32",
  );
}

/** The fixed vectors V, `[n, PROBES]`. */
export function probeVectors(b: GraphBuilder, n: number, dtype: Float): string {
  const angles = Array.from({ length: PROBES }, (_, j) => probeAngle(j));
  const rows = b.cast(
    b.node("Range", [b.constant(1, "int32"), b.constant(n + 1, "int32"), b.constant(1, "int32")]),
    dtype,
  );
  const column = b.reshape(rows, [n, 1]);
  const grid = b.node("Mul", [column, b.constant(angles, dtype, [1, PROBES])]);
  return b.node("Sin", [b.node("Mul", [grid, column])]);
}
