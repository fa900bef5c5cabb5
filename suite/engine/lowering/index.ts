/** @file The lowering table of the backend `onnxruntime`. */
import { registerConvolution } from "./conv.ts";
import { registerElementwise } from "./elementwise.ts";
import { registerFill } from "./fill.ts";
import { registerGather } from "./gather.ts";
import { registerImages } from "./image.ts";
import { registerMatMul } from "./matmul.ts";
import { registerNormalization } from "./normalize.ts";
import { registerPooling } from "./pooling.ts";
import { registerReductions } from "./reduce.ts";
import { registerFallbacks } from "./register.ts";
import { registerSelection } from "./select.ts";
import { registerShape } from "./shape.ts";
import { registerUnary } from "./unary.ts";

let registered = false;

/** Registers every lowering once, and tfjs's cpu kernel for the rest. */
export function registerKernels(): void {
  if (registered) return;
  registered = true;
  registerElementwise();
  registerUnary();
  registerSelection();
  registerMatMul();
  registerReductions();
  registerShape();
  registerFill();
  registerGather();
  registerConvolution();
  registerPooling();
  registerNormalization();
  registerImages();
  registerFallbacks();
}
