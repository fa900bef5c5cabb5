/** @file x − m − log Σ exp(x − m), m the maximum of each row, is LogSoftmax. */
import type { OnnxNode } from "../graph.ts";
import type { Rewrite, Rewriter } from "./rewriter.ts";

export const fuseLogSoftmax: Rewrite = (graph) => {
  for (const node of graph.nodes) {
    if (node.op !== "Sub") continue;
    const logits = logitsOf(graph, node);
    if (logits !== undefined) graph.change(node, "LogSoftmax", [logits], { axis: -1 });
  }
  graph.prune();
};

/** x where the node is (x − m) − log Σ exp(x − m) over the last axis. */
function logitsOf(graph: Rewriter, { inputs }: OnnxNode): string | undefined {
  const [shifted = "", logSum] = inputs;
  const sum = graph.producer(graph.producer(logSum, "Log")?.inputs[0], "ReduceSum");
  const exp = graph.producer(sum?.inputs[0], "Exp");
  const shift = graph.producer(shifted, "Sub");
  const maximum = graph.producer(shift?.inputs[1], "ReduceMax");
  const logits = shift?.inputs[0] ?? "";
  if (exp?.inputs[0] !== shifted || maximum?.inputs[0] !== logits) return undefined;
  const alongRows = [sum, maximum].every((node) => node && alongLastAxis(graph, node, logits));
  return alongRows ? logits : undefined;
}

function alongLastAxis(graph: Rewriter, node: OnnxNode, input: string): boolean {
  const axes = graph.known.values(node.inputs[1] ?? "");
  const rank = graph.shape(input)?.length ?? 0;
  return axes?.length === 1 && axes[0] === rank - 1 && node.attributes.keepdims === 1;
}
