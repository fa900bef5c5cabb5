/**
 * @file Tensors that only repeat a smaller one (Tile, Expand, and their reshapes) are not written
 * out where the reader broadcasts by itself. Gradients of sums and means are made of them.
 */
import type { OnnxNode } from "../graph.ts";
import { sameShape, sizeOf } from "../graph.ts";
import { qualified, type Rewrite, type Rewriter } from "./rewriter.ts";
import { broadcast, isElementwise, type Shape } from "./shapes.ts";

export const readBroadcastSources: Rewrite = (graph) => {
  /** A smaller tensor that broadcasts to the one named. */
  const sources = new Map<string, string>();
  for (const node of graph.nodes.slice()) {
    const source = sourceOf(graph, node, sources);
    if (source !== undefined) sources.set(node.outputs[0] as string, source);
    else if (isElementwise(node.op)) readSources(graph, node, sources);
  }
  graph.prune();
};

function sourceOf(
  graph: Rewriter,
  node: OnnxNode,
  sources: ReadonlyMap<string, string>,
): string | undefined {
  const [input = ""] = node.inputs;
  const name = sources.get(input) ?? input;
  const from = graph.shape(name);
  const to = graph.shape(node.outputs[0] as string);
  if (!from || !to) return undefined;
  if (node.op === "Reshape") return sources.has(input) && sizeOf(from) === 1 ? name : undefined;
  const repeats = node.op === "Tile" || node.op === "Expand";
  return repeats && broadcastsTo(from, to) ? name : undefined;
}

function broadcastsTo(from: Shape, to: Shape): boolean {
  const result = broadcast([from, to]);
  return result !== undefined && sameShape(result, to);
}

function readSources(graph: Rewriter, node: OnnxNode, sources: ReadonlyMap<string, string>): void {
  const shape = graph.shape(node.outputs[0] as string);
  if (!shape || !node.inputs.some((name) => sources.has(name))) return;
  const inputs = [...node.inputs];
  for (const [i, name] of node.inputs.entries()) {
    const source = sources.get(name);
    if (source === undefined) continue;
    const tried = inputs.with(i, source);
    const shapes = tried.map((input) => graph.shape(input));
    const result = shapes.every((s) => s !== undefined) ? broadcast(shapes) : undefined;
    if (result && sameShape(result, shape)) inputs[i] = source;
  }
  graph.change(node, qualified(node), inputs, node.attributes);
}
