/**
 * @file Linear algebra on tfjs tensors, over the custom kernels of `suite/engine/custom`. Nothing
 * here reads a value back: failures are values of the graph.
 */
import { registerReferenceKernels } from "../engine/custom/reference.ts";

export type { TriangularForm } from "../engine/custom/dense/triangular.ts";
export { KEPT_PREVIOUS, type Precision } from "../engine/custom/kernels.ts";
export { frobenius, symmetrize, trace, triu } from "./elementary.ts";
export {
  type Cholesky,
  cholesky,
  type PrecisionOption,
  type Qr,
  qr,
  type TriangularSolution,
  triangularSolve,
} from "./factorizations.ts";
export { gram } from "./gram.ts";
export {
  type SpdInverse,
  type SpdInverseOptions,
  type SpdInverseRequest,
  spdInverse,
  spdInverses,
} from "./spd-inverse.ts";
export {
  type SpdSolution,
  type SpdSolveOptions,
  type SpdSystem,
  spdSolve,
  spdSolves,
} from "./spd-solve.ts";
export {
  type InverseRoot,
  type InverseRootOptions,
  type InverseRootProduct,
  inverseRoot,
  inverseRootProduct,
  inverseRootProducts,
  type LargestEigenvalue,
  type LargestEigenvalueOptions,
  largestEigenvalue,
  type RootProductOf,
  type SymmetricEigen,
  symmetricEigen,
} from "./spectrum.ts";
export { type UpperForm, upperProduct, upperTimesUpper } from "./upper.ts";

// tfjs's JavaScript backend needs nothing loaded; the other backends register their own kernels.
registerReferenceKernels("cpu");
