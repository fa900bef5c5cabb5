/** @file The lowering table of the backend `onnxruntime`. */
import { registerElementwise } from "./elementwise.ts";
import { registerFill } from "./fill.ts";
import { registerGather } from "./gather.ts";
import { registerMatMul } from "./matmul.ts";
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
  registerFallbacks();
}
