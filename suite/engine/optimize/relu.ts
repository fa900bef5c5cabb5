/**
 * @file The gradient of ReLU, dy·step(x). Read only by products, step(x) is `Cast(x > 0)`: it
 * differs from tfjs's step only at NaN, where dy is NaN as well. And it reads ReLU's output rather
 * than its input, so that the runtime may compute ReLU in place.
 */
import type { OnnxNode } from "../graph.ts";
import type { Rewrite, Rewriter } from "./rewriter.ts";

const FLOAT = 1;

export const simplifySteps: Rewrite = (graph) => {
  for (const node of graph.nodes.slice()) {
    if (node.op !== "Step" || stepAtZero(node) !== 0) continue;
    const [output = ""] = node.outputs;
    const isFactor = graph.readersOf(output).every(({ op }) => op === "Mul");
    if (!isFactor || graph.isPinned(output)) continue;
    const zero = graph.constant(0, "float32");
    const positive = graph.insert(node, "Greater", [rectified(graph, node), zero]);
    graph.change(node, "Cast", [positive], { to: FLOAT });
  }
  graph.prune();
};

function stepAtZero(node: OnnxNode): number | undefined {
  return (node.attributes.alpha as { float: number }).float;
}

/** ReLU of the step's input where the graph has it by then, else the input. */
function rectified(graph: Rewriter, step: OnnxNode): string {
  const [input = ""] = step.inputs;
  const relu = graph.readersOf(input).find(({ op }) => op === "Relu");
  if (relu === undefined || graph.nodes.indexOf(relu) > graph.nodes.indexOf(step)) return input;
  return relu.outputs[0] as string;
}
