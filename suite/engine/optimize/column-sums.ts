/**
 * @file Sums over the leading axes (gradients of biases and scales) as a product with a row of ones,
 * which is 2 to 5 times faster than ONNX Runtime's reduction.
 */
import type { OnnxNode } from "../graph.ts";
import { sameShape, sizeOf } from "../graph.ts";
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
  const columns = sizeOf(shape.slice(axes.length));
  const stages = stagesOf(shape.slice(0, axes.length));
  if (stages === undefined || columns < 2) return;
  let sum = input;
  let left = sizeOf(shape);
  for (const rows of stages) {
    left /= rows;
    const target = [rows, left];
    const matrix = sameShape(graph.shape(sum) ?? [], target)
      ? sum
      : graph.insert(node, "Reshape", [sum, graph.ints(target)]);
    const ones = graph.constant(Array(rows).fill(1), "float32", [1, rows]);
    sum = graph.insert(node, "Gemm", [ones, matrix]);
  }
  graph.change(node, "Reshape", [sum, graph.ints(result)], {});
}

/** How many rows are summed at a time: all at once, or the pixels of many images after the images. */
function stagesOf(leading: readonly number[]): readonly number[] | undefined {
  const rows = sizeOf(leading);
  if (rows < FEWEST_ROWS) return undefined;
  if (rows <= MOST_ROWS) return [rows];
  const [images = 1, ...pixels] = leading;
  const fits = pixels.length === 2 && images <= MOST_ROWS && sizeOf(pixels) <= MOST_ROWS;
  return fits ? [images, sizeOf(pixels)] : undefined;
}
