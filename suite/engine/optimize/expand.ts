/**
 * @file Ops of our own ("crossover:..."), which rewrites recognise, written as ONNX nodes.
 *
 * Sign(x): ONNX's, but 0 for NaN.
 * Step(x; alpha): 1 above 0, alpha at and below it, NaN for NaN.
 * ReduceSum(x, axes; keepdims): ONNX's, of float32.
 * ReduceMax, ReduceMin(x, axes; keepdims): with NaN where there is one. ONNX Runtime's reductions drop some
 * (its issue 10514).
 */
import type { OnnxNode } from "../graph.ts";
import type { ModelBuilder } from "../model.ts";
import { Rewriter } from "./rewriter.ts";

export const OWN_DOMAIN = "crossover";

/** The last step before a graph of these outputs is compiled. */
export function expandOwnOps(builder: ModelBuilder, outputs: readonly string[]): void {
  const graph = new Rewriter(builder, [...outputs]);
  for (const node of graph.nodes.slice()) {
    if (node.domain !== OWN_DOMAIN) continue;
    if (node.op === "Step") expandStep(graph, node);
    else if (node.op === "Sign") expandSign(graph, node);
    else if (node.op === "ReduceSum") graph.change(node, node.op, node.inputs, node.attributes);
    else expandExtreme(graph, node);
  }
}

function expandStep(graph: Rewriter, node: OnnxNode): void {
  const [x = ""] = node.inputs;
  const { float: alpha } = node.attributes.alpha as { float: number };
  const isNan = graph.insert(node, "IsNaN", [x]);
  const otherwise = graph.insert(node, "Where", [isNan, x, graph.constant(alpha, "float32")]);
  const positive = graph.insert(node, "Greater", [x, graph.constant(0, "float32")]);
  graph.change(node, "Where", [positive, graph.constant(1, "float32"), otherwise], {});
}

function expandSign(graph: Rewriter, node: OnnxNode): void {
  const [x = ""] = node.inputs;
  const isNan = graph.insert(node, "IsNaN", [x]);
  const sign = graph.insert(node, "Sign", [x]);
  graph.change(node, "Where", [isNan, graph.constant(0, "float32"), sign], {});
}

function expandExtreme(graph: Rewriter, node: OnnxNode): void {
  const [x = "", axes = ""] = node.inputs;
  const { attributes } = node;
  // One pass; squares add up to NaN only where one is NaN, for infinities have one sign there.
  const squares = graph.insert(node, "ReduceSumSquare", [x, axes], attributes);
  const anyNan = graph.insert(node, "IsNaN", [squares]);
  const extreme = graph.insert(node, node.op, [x, axes], attributes);
  graph.change(node, "Where", [anyNan, graph.constant(Number.NaN, "float32"), extreme], {});
}
