/**
 * @file Where images of few channels meet a vector over channels, it is repeated along rows and columns:
 * ONNX Runtime goes from run to run of elements that both have in one piece, and runs of 16 take three
 * times as long as runs of 256.
 */
import type { OnnxNode } from "../graph.ts";
import { sizeOf } from "../graph.ts";
import { qualified, type Rewrite, type Rewriter } from "./rewriter.ts";
import { isElementwise, type Shape } from "./shapes.ts";

/** Runs from here on are long enough. */
const WIDE = 64;

/** So many elements are worth a node. */
const LARGE = 32_768;

export const widenVectors: Rewrite = (graph) => {
  for (const node of graph.nodes.slice()) {
    if (isElementwise(node.op) && node.inputs.length > 1) widen(graph, node);
  }
};

function widen(graph: Rewriter, node: OnnxNode): void {
  const shape = graph.shape(node.outputs[0] as string);
  if (shape?.length !== 4 || sizeOf(shape) < LARGE) return;
  const channels = shape.at(-1) as number;
  if (channels < 2 || channels >= WIDE) return;
  const isVector = (name: string) => {
    const own = graph.shape(name);
    return own?.at(-1) === channels && sizeOf(own) === channels;
  };
  if (!node.inputs.some(isVector)) return;
  const target = graph.ints(shape.slice(firstOfRun(shape)));
  const inputs = node.inputs.map((name) => {
    return isVector(name) ? graph.insert(node, "Expand", [name, target]) : name;
  });
  graph.change(node, qualified(node), inputs, node.attributes);
}

/** From this axis on a run has `4 · WIDE` elements, or all but those of the first axis. */
function firstOfRun(shape: Shape): number {
  let axis = shape.length - 1;
  for (let run = shape[axis] as number; run < 4 * WIDE && axis > 1; run *= shape[axis] as number) {
    axis--;
  }
  return axis;
}
