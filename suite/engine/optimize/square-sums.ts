/**
 * @file The sum of all squares in one pass, a quarter of the time of two. ONNX Runtime adds them up in
 * the order in which it adds up products: the same bits. (Along some axes only, it does not.)
 */
import type { OnnxNode } from "../graph.ts";
import { OWN_DOMAIN } from "./expand.ts";
import type { Rewrite, Rewriter } from "./rewriter.ts";

export const sumSquares: Rewrite = (graph) => {
  for (const node of graph.nodes) {
    if (node.domain === OWN_DOMAIN && node.op === "ReduceSum") rewriteSum(graph, node);
  }
  graph.prune();
};

function rewriteSum(graph: Rewriter, node: OnnxNode): void {
  const [input = "", axes = ""] = node.inputs;
  const [x = "", y] = graph.producer(input, "Mul")?.inputs ?? [];
  if (x !== y || !graph.isReadOnce(input)) return;
  const isWhole = graph.known.values(axes)?.length === graph.shape(x)?.length;
  if (isWhole) graph.change(node, "ReduceSumSquare", [x, axes], node.attributes);
}
