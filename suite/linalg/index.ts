/** @file Linear algebra on tfjs tensors, over the custom kernels of `suite/engine/custom`. */
import { registerReferenceKernels } from "../engine/custom/reference.ts";

export { type SpdInverse, type SpdInverseOptions, spdInverse } from "./spd-inverse.ts";

// tfjs's JavaScript backend needs nothing loaded; the other backends register their own kernels.
registerReferenceKernels("cpu");
