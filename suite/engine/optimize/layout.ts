/**
 * @file Keeps images in the layout that convolutions compute in.
 *
 * A convolution leaves [batch, c, h, w] and turns it into tfjs's [batch, h, w, c]. What follows
 * element by element, and sums over axes, is computed before that turn instead; so the turn moves on
 * until it meets the next convolution's turn back, and both vanish. Vectors over channels are
 * reshaped to [c, 1, 1], which costs nothing.
 */
import type { OnnxNode } from "../graph.ts";
import { sameShape } from "../graph.ts";
import { qualified, type Rewrite, type Rewriter } from "./rewriter.ts";
import { isElementwise, type Shape } from "./shapes.ts";

const TO_FIRST = [0, 3, 1, 2];
const TO_LAST = [0, 2, 3, 1];

export const moveLayoutTurns: Rewrite = (graph) => {
  /** By name of a [batch, h, w, c] tensor: the same as [batch, c, h, w]. */
  const first = new Map<string, string>();
  for (const node of graph.nodes.slice()) {
    const [input = ""] = node.inputs;
    const output = node.outputs[0] as string;
    if (isTurn(node, TO_LAST)) first.set(output, input);
    else if (isTurn(node, TO_FIRST) && first.has(input)) {
      graph.substitute(output, first.get(input) as string);
    } else if (isElementwise(node.op)) {
      const turned = turnElementwise(graph, node, first);
      if (turned) first.set(output, turned);
    } else if (node.op.startsWith("Reduce") && first.has(input)) {
      const turned = turnReduction(graph, node, first.get(input) as string);
      if (turned) first.set(output, turned);
    }
  }
  graph.prune();
};

function isTurn({ op, attributes }: OnnxNode, perm: readonly number[]): boolean {
  return op === "Transpose" && sameShape(attributes.perm as readonly number[], perm);
}

/** Computes the node with channels first and turns its result; undefined where that gains nothing. */
function turnElementwise(
  graph: Rewriter,
  node: OnnxNode,
  first: ReadonlyMap<string, string>,
): string | undefined {
  const shape = graph.shape(node.outputs[0] as string);
  const turned = node.inputs.filter((name) => first.has(name)).length;
  if (turned === 0 || shape?.length !== 4) return undefined;
  const shapes = node.inputs.map((name) => graph.shape(name));
  if (shapes.some((known) => known === undefined)) return undefined;
  const toMove = node.inputs.filter((name, i) => {
    return !first.has(name) && channelsFirstShape(shapes[i] as Shape) === undefined;
  }).length;
  if (toMove > turned) return undefined;
  const inputs = node.inputs.map((name, i) => {
    return first.get(name) ?? channelsFirst(graph, node, name, shapes[i] as Shape);
  });
  const result = graph.insert(node, qualified(node), inputs, node.attributes);
  graph.change(node, "Transpose", [result], { perm: TO_LAST });
  return result;
}

function channelsFirst(graph: Rewriter, before: OnnxNode, name: string, shape: Shape): string {
  const target = channelsFirstShape(shape);
  if (target === undefined) return graph.insert(before, "Transpose", [name], { perm: TO_FIRST });
  if (sameShape(target, shape)) return name;
  return graph.insert(before, "Reshape", [name, graph.ints(target)]);
}

/** The shape in which a tensor broadcasts with channels first, where no element has to move. */
function channelsFirstShape(shape: Shape): Shape | undefined {
  if (shape.every((dim) => dim === 1)) return shape.length > 3 ? [1, 1, 1, 1] : shape;
  const [batch = 1, height = 1, width = 1, channels = 1] = [
    ...Array(4 - shape.length).fill(1),
    ...shape,
  ] as number[];
  if (height * width !== 1 && channels !== 1) return undefined;
  return [batch, channels, height, width];
}

/** Reduces with channels first; the result, with channels first, where it still has four axes. */
function turnReduction(graph: Rewriter, node: OnnxNode, source: string): string | undefined {
  const axes = graph.known.values(node.inputs[1] ?? "");
  if (axes === undefined) return undefined;
  const moved = axes.map((axis) => TO_LAST[axis] as number).sort((a, b) => a - b);
  const inputs = [source, graph.ints(moved)];
  if (node.attributes.keepdims === 0) {
    // What is left stays in order unless channels are left together with rows or columns.
    const left = [0, 1, 2, 3].filter((axis) => !axes.includes(axis));
    if (left.includes(3) && (left.includes(1) || left.includes(2))) return undefined;
    graph.change(node, qualified(node), inputs, node.attributes);
    return undefined;
  }
  const result = graph.insert(node, qualified(node), inputs, node.attributes);
  graph.change(node, "Transpose", [result], { perm: TO_LAST });
  return result;
}
