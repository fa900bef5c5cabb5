/** @file Transposes and additions that a matrix product can do on its way. */
import type { OnnxAttributes, OnnxNode } from "../graph.ts";
import { sameShape } from "../graph.ts";
import { qualified, type Rewrite, type Rewriter } from "./rewriter.ts";
import { broadcast, type Shape } from "./shapes.ts";

/** Gemm(Transpose(a), b) reads a transposed; so does a batched product, in its last two axes. */
export const foldTransposes: Rewrite = (graph) => {
  for (const node of graph.nodes) {
    if (node.op !== "Gemm" && node.op !== "FusedMatMul") continue;
    let attributes: OnnxAttributes = node.attributes;
    const inputs = node.inputs.map((name, i) => {
      const transpose = i < 2 ? graph.producer(name, "Transpose") : undefined;
      if (!transpose || !swapsLastTwo(transpose)) return name;
      const flag = i === 0 ? "transA" : "transB";
      attributes = { ...attributes, [flag]: attributes[flag] ? 0 : 1 };
      return transpose.inputs[0] as string;
    });
    graph.change(node, qualified(node), inputs, attributes);
  }
  graph.prune();
};

function swapsLastTwo({ attributes }: OnnxNode): boolean {
  const perm = attributes.perm as readonly number[];
  const rank = perm.length;
  const swapped = perm.with(-1, rank - 1).with(-2, rank - 2);
  return (
    perm[rank - 1] === rank - 2 && perm[rank - 2] === rank - 1 && swapped.every((p, i) => p === i)
  );
}

/** Gemm(a, b) + c becomes Gemm(a, b, c): a bias, or the momentum a gradient is added to. */
export const foldAdditions: Rewrite = (graph) => {
  for (const node of graph.nodes) {
    if (node.op !== "Add") continue;
    const [x = "", y = ""] = node.inputs;
    if (!addTo(graph, node, x, y)) addTo(graph, node, y, x);
  }
  graph.prune();
};

function addTo(graph: Rewriter, add: OnnxNode, product: string, summand: string): boolean {
  const gemm = graph.producer(product, "Gemm");
  const shape = graph.shape(product);
  const other = graph.shape(summand);
  if (!gemm || gemm.inputs.length > 2 || !graph.isReadOnce(product) || !shape || !other) {
    return false;
  }
  const sum = broadcast([shape, other]);
  if (!sum || !sameShape(sum, shape) || other.length > 2) return false;
  const { name, beta } = scaled(graph, summand, other);
  const attributes = { ...gemm.attributes, ...(beta !== undefined && { beta: { float: beta } }) };
  graph.change(add, "Gemm", [...gemm.inputs, name], attributes);
  return true;
}

/**
 * A matrix times a constant: the product scales it by itself. ONNX Runtime rounds the scaled matrix
 * before it adds, so the bits are those of the multiplication; for a single row or column it does
 * not, and whether a factor is known depends on what the process computed before.
 */
function scaled(graph: Rewriter, summand: string, shape: Shape): { name: string; beta?: number } {
  const product = graph.producer(summand, "Mul");
  if (!product || !graph.isReadOnce(summand)) return { name: summand };
  const [x = "", y = ""] = product.inputs;
  for (const [matrix, factor] of [
    [x, y],
    [y, x],
  ] as const) {
    const [beta, ...more] = graph.known.values(factor) ?? [];
    const same = sameShape(graph.shape(matrix) ?? [], shape);
    // A factor of 0 would not read the matrix, nor its NaN.
    if (beta && more.length === 0 && same && isMatrix(shape)) return { name: matrix, beta };
  }
  return { name: summand };
}

const isMatrix = (shape: Shape): boolean => shape.length === 2 && !shape.includes(1);
