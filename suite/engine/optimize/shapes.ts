/** @file Shapes of ONNX values, as far as the rewrites need them; undefined where unknown. */
import type { OnnxNode } from "../graph.ts";

export type Shape = readonly number[];

/** What is known of a name: its shape, and its values where it is a constant. */
export interface Knowledge {
  shape(name: string): Shape | undefined;
  values(name: string): readonly number[] | undefined;
}

const SAME_SHAPE: ReadonlySet<string> = new Set(
  [
    "Abs Acos Acosh Asin Asinh Atan Atanh Cast Ceil Clip Cos Cosh CumSum Elu Erf Exp Floor Gelu",
    "Identity IsInf IsNaN LayerNormalization LeakyRelu Log LogSoftmax Neg Not Reciprocal Relu",
    "Round Sigmoid Sign Sin Sinh Softmax Softplus Sqrt Step Tanh",
  ].flatMap((names) => names.split(" ")),
);

const BROADCASTING: ReadonlySet<string> = new Set(
  [
    "Add And Div Equal Greater GreaterOrEqual Less LessOrEqual Max Min Mod Mul Or PRelu Pow Sub",
    "Where Xor",
  ].flatMap((names) => names.split(" ")),
);

/** Ops that compute each element of their result from the elements at the same place. */
export function isElementwise(op: string): boolean {
  return BROADCASTING.has(op) || (SAME_SHAPE.has(op) && !ALONG_AN_AXIS.has(op));
}

const ALONG_AN_AXIS: ReadonlySet<string> = new Set([
  "CumSum",
  "LayerNormalization",
  "LogSoftmax",
  "Softmax",
]);

/** Shape of the node's first output. */
export function inferShape(node: OnnxNode, known: Knowledge): Shape | undefined {
  const { op, inputs, attributes } = node;
  const first = known.shape(inputs[0] ?? "");
  if (SAME_SHAPE.has(op)) return first;
  if (BROADCASTING.has(op)) {
    const shapes = inputs.map((name) => known.shape(name));
    return shapes.every((shape) => shape !== undefined) ? broadcast(shapes) : undefined;
  }
  switch (op) {
    case "Reshape":
      return withoutImplicit(known.values(inputs[1] ?? ""));
    case "Expand": {
      const target = known.values(inputs[1] ?? "");
      return first && target && broadcast([first, target]);
    }
    case "Transpose": {
      const perm = attributes.perm as readonly number[] | undefined;
      return first && perm?.map((axis) => first[axis] as number);
    }
    case "Tile": {
      const reps = known.values(inputs[1] ?? "");
      return first && reps && first.map((dim, i) => dim * (reps[i] as number));
    }
    case "Gemm":
      return productShape(first, known.shape(inputs[1] ?? ""), attributes);
    default:
      return op.startsWith("Reduce") ? reducedShape(node, first, known) : undefined;
  }
}

/** The shape to which shapes broadcast, as NumPy does; undefined where they do not. */
export function broadcast(shapes: readonly Shape[]): Shape | undefined {
  const rank = Math.max(...shapes.map((shape) => shape.length));
  const result: number[] = Array(rank).fill(1);
  for (const shape of shapes) {
    const offset = rank - shape.length;
    for (const [i, dim] of shape.entries()) {
      const at = offset + i;
      if (dim === 1) continue;
      if (result[at] !== 1 && result[at] !== dim) return undefined;
      result[at] = dim;
    }
  }
  return result;
}

function withoutImplicit(shape: readonly number[] | undefined): Shape | undefined {
  return shape?.includes(-1) ? undefined : shape;
}

function productShape(
  a: Shape | undefined,
  b: Shape | undefined,
  { transA, transB }: OnnxNode["attributes"],
): Shape | undefined {
  if (!a || !b) return undefined;
  return [a[transA ? 1 : 0] as number, b[transB ? 0 : 1] as number];
}

function reducedShape(
  { inputs, attributes }: OnnxNode,
  shape: Shape | undefined,
  known: Knowledge,
): Shape | undefined {
  const axes = known.values(inputs[1] ?? "");
  if (!shape || !axes) return undefined;
  return attributes.keepdims === 0
    ? shape.filter((_, i) => !axes.includes(i))
    : shape.map((dim, i) => (axes.includes(i) ? 1 : dim));
}
