/**
 * @file log Σ exp(x − m) + m needs no guard for NaN around its maximum m: a NaN in a row makes the
 * sum NaN, and with it everything that the row's maximum was for.
 */
import type { OnnxNode } from "../graph.ts";
import { OWN_DOMAIN } from "./expand.ts";
import type { Rewrite, Rewriter } from "./rewriter.ts";

export const dropGuards: Rewrite = (graph) => {
  for (const node of graph.nodes) {
    if (node.domain !== OWN_DOMAIN || node.op !== "ReduceMax") continue;
    if (onlyShiftsLogSum(graph, node)) {
      graph.change(node, "ReduceMax", node.inputs, node.attributes);
    }
  }
};

/** Every reader of m subtracts it from x below the sum of exponentials, or adds it to its logarithm. */
function onlyShiftsLogSum(graph: Rewriter, maximum: OnnxNode): boolean {
  const [x = ""] = maximum.inputs;
  const m = maximum.outputs[0] as string;
  if (graph.isPinned(m)) return false;
  const shift = graph.readersOf(m).find(({ op, inputs }) => op === "Sub" && inputs[0] === x);
  const exp = onlyReader(graph, shift, "Exp");
  const log = onlyReader(graph, onlyReader(graph, exp, "ReduceSum"), "Log");
  if (!log) return false;
  const logSum = log.outputs[0] as string;
  return graph.readersOf(m).every((reader) => {
    if (reader === shift) return true;
    const added = reader.op === "Reshape" ? onlyReader(graph, reader, "Add") : reader;
    return added?.op === "Add" && added.inputs.includes(logSum);
  });
}

function onlyReader(graph: Rewriter, node: OnnxNode | undefined, op: string): OnnxNode | undefined {
  const output = node?.outputs[0] ?? "";
  const [reader] = graph.readersOf(output);
  return graph.isReadOnce(output) && reader?.op === op ? reader : undefined;
}
