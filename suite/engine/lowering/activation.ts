/** @file The activation at the end of tfjs's fused kernels. */
import type { Attributes, GraphBuilder } from "../graph.ts";

const ONNX_OP: Readonly<Record<string, string>> = {
  linear: "Identity",
  relu: "Relu",
  elu: "Elu",
  sigmoid: "Sigmoid",
  prelu: "PRelu",
  leakyrelu: "LeakyRelu",
  relu6: "Clip",
};

export function activationLowers(name: unknown): boolean {
  return name === undefined || name === null || Object.hasOwn(ONNX_OP, name as string);
}

/** Applies `attributes.activation` to `x`; `slopes` is the weight of prelu. */
export function activation(
  b: GraphBuilder,
  x: string,
  { activation: given, leakyreluAlpha }: Attributes,
  slopes?: string,
): string {
  const name = (given ?? "linear") as string;
  const op = ONNX_OP[name] as string;
  switch (name) {
    case "linear":
      return x;
    case "prelu":
      return b.node(op, [x, slopes as string]);
    case "leakyrelu":
      return b.node(op, [x], { alpha: { float: leakyreluAlpha as number } });
    case "relu6":
      return b.node(op, [x, b.constant(0, "float32"), b.constant(6, "float32")]);
    default:
      return b.node(op, [x]);
  }
}
