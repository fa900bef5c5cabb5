/**
 * @file Sums over the leading axes (gradients of biases and scales) as a product with a row of ones,
 * which is 2 to 5 times faster than ONNX Runtime's reduction.
 */
import type { OnnxNode } from "../graph.ts";
import { sizeOf } from "../graph.ts";
import { OWN_DOMAIN } from "./expand.ts";
import type { Rewrite, Rewriter } from "./rewriter.ts";

/** Fewer rows gain nothing; more would add up rounding errors, one row after the other. */
const [FEWEST_ROWS, MOST_ROWS] = [16, 16_384];

export const multiplyByOnes: Rewrite = (graph) => {
  for (const node of graph.nodes.slice()) {
    if (node.domain === OWN_DOMAIN && node.op === "ReduceSum") rewriteSum(graph, node);
  }
  graph.prune();
};

function rewriteSum(graph: Rewriter, node: OnnxNode): void {
  const [input = "", axesName = ""] = node.inputs;
  const output = node.outputs[0] as string;
  const shape = graph.shape(input);
  const axes = graph.known.values(axesName);
  const result = graph.shape(output);
  if (!shape || !result || !axes || axes.some((axis, i) => axis !== i)) return;
  const rows = sizeOf(shape.slice(0, axes.length));
  const columns = sizeOf(shape.slice(axes.length));
  if (rows < FEWEST_ROWS || rows > MOST_ROWS || columns < 2) return;
  const ones = graph.constant(Array(rows).fill(1), "float32", [1, rows]);
  const matrix =
    shape.length === 2
      ? input
      : graph.insert(node, "Reshape", [input, graph.ints([rows, columns])]);
  const sum = graph.insert(node, "Gemm", [ones, matrix]);
  graph.change(node, "Reshape", [sum, graph.ints(result)], {});
}
