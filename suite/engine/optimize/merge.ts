/** @file Nodes that compute the same from the same become one, so that patterns see one reader. */
import type { Rewrite } from "./rewriter.ts";

export const mergeEqualNodes: Rewrite = (graph) => {
  const seen = new Map<string, readonly string[]>();
  for (const node of graph.nodes) {
    const attributes = JSON.stringify(node.attributes);
    if (attributes.includes('"subgraph"')) continue;
    const key = `${node.domain}:${node.op}(${node.inputs})${attributes}`;
    const first = seen.get(key);
    if (first === undefined) seen.set(key, node.outputs);
    else {
      node.outputs.forEach((name, i) => {
        // Two outputs of the graph need two buffers.
        if (!graph.isPinned(name)) graph.substitute(name, first[i] as string);
      });
    }
  }
  graph.prune();
};
