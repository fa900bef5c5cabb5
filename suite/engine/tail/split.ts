/**
 * @file Takes the elementwise arithmetic at the end of a graph out of it: in a training step the update
 * of weights and state, where ONNX Runtime makes one pass over memory per operation.
 */
import type { Named, OnnxNode } from "../graph.ts";
import { sameShape, sizeOf } from "../graph.ts";
import type { ModelBuilder } from "../model.ts";
import { qualified, Rewriter } from "../optimize/rewriter.ts";
import { type Arithmetic, isArithmetic, type Program } from "./program.ts";

/** Arithmetic over tensors of one size, with the names of what it reads and makes. */
export interface Chain {
  readonly program: Program;
  readonly size: number;
  readonly tensors: readonly string[];
  /** Names, or values of constants. */
  readonly scalars: readonly (string | number)[];
  readonly results: readonly string[];
}

export interface Split {
  readonly chains: readonly Chain[];
  /** What the graph still puts out: the outputs that no chain makes, and what chains read. */
  readonly left: readonly Named[];
}

/** A chain has one thread: it is worth it from as many operations as ONNX Runtime has threads, and from two. */
const FEWEST_OPERATIONS = 2;
/** Longer chains compile slowly. */
const MOST_OPERATIONS = 500;

/** Removes the chains that are worth it from the builder's nodes. */
export function splitGraph(
  builder: ModelBuilder,
  outputs: readonly Named[],
  threads: number,
): Split {
  const graph = new Rewriter(
    builder,
    outputs.map(({ name }) => name),
  );
  const floats = new Set(
    outputs.filter(({ spec }) => spec.dtype === "float32").map(({ name }) => name),
  );
  const groups = connected(graph, lastArithmetic(graph, floats)).filter(
    ({ length }) => length >= Math.max(FEWEST_OPERATIONS, threads) && length <= MOST_OPERATIONS,
  );
  const whole = { chains: [], left: outputs };
  if (groups.length === 0) return whole;
  const chains = groups.map((nodes) => chainOf(graph, nodes, floats));
  const made = new Set(chains.flatMap(({ results }) => results));
  const left = outputs.filter(({ name }) => !made.has(name));
  const known = new Set(left.map(({ name }) => name));
  for (const { tensors, scalars } of chains) {
    for (const name of [...tensors, ...scalars]) {
      if (typeof name === "number" || known.has(name) || !graph.producer(name)) continue;
      known.add(name);
      left.push({ name, spec: { shape: graph.shape(name) ?? [], dtype: "float32" } });
    }
  }
  // A session needs an output.
  if (left.length === 0) return whole;
  const taken = new Set(groups.flat());
  const kept = builder.list.filter((node) => !taken.has(node));
  builder.list.splice(0, builder.list.length, ...kept);
  new Rewriter(builder, [...known]).prune();
  return { chains, left };
}

/** Nodes whose results nothing but each other reads. */
function lastArithmetic(graph: Rewriter, outputs: ReadonlySet<string>): Set<OnnxNode> {
  const last = new Set<OnnxNode>();
  for (const node of graph.nodes.slice().reverse()) {
    const [name = ""] = node.outputs;
    const readers = graph.readersOf(name);
    const isLast = readers.every((reader) => last.has(reader)) && !graph.isCaptured(name);
    // What float32 is computed from is float32.
    const isFloat = readers.length > 0 || outputs.has(name);
    if (isLast && isFloat && isElementwise(graph, node)) last.add(node);
  }
  return last;
}

/** Whether it is arithmetic over tensors of one shape and scalars. */
function isElementwise(graph: Rewriter, node: OnnxNode): boolean {
  const [name = ""] = node.outputs;
  const shape = graph.shape(name);
  if (!shape || sizeOf(shape) < 2 || !isArithmetic(qualified(node))) return false;
  return node.inputs.every((input) => {
    const given = graph.shape(input);
    if (!given) return false;
    return sameShape(given, shape) ? !graph.known.values(input) : sizeOf(given) === 1;
  });
}

/** Groups of nodes that read one another, in the graph's order. */
function connected(graph: Rewriter, nodes: ReadonlySet<OnnxNode>): OnnxNode[][] {
  const groups = new Map<OnnxNode, OnnxNode[]>();
  const join = (a: OnnxNode[], b: OnnxNode[]): OnnxNode[] => {
    if (a === b) return a;
    const [large, small] = a.length >= b.length ? [a, b] : [b, a];
    large.push(...small);
    for (const member of small) groups.set(member, large);
    return large;
  };
  for (const node of graph.nodes) {
    if (!nodes.has(node)) continue;
    const own = [node];
    groups.set(node, own);
    node.inputs
      .flatMap((name) => groups.get(graph.producer(name) as OnnxNode) ?? [])
      .reduce<OnnxNode[]>((group, other) => join(group, groups.get(other) as OnnxNode[]), own);
  }
  const order = new Map(graph.nodes.map((node, i) => [node, i]));
  const position = (node: OnnxNode) => order.get(node) as number;
  return [...new Set(groups.values())].map((group) =>
    group.sort((x, y) => position(x) - position(y)),
  );
}

function chainOf(graph: Rewriter, nodes: readonly OnnxNode[], outputs: ReadonlySet<string>): Chain {
  const made = new Set(nodes.map(({ outputs: [name = ""] }) => name));
  const size = sizeOf(graph.shape(nodes[0]?.outputs[0] ?? "") ?? []);
  const read = new Set(nodes.flatMap(({ inputs }) => inputs).filter((name) => !made.has(name)));
  const isTensor = (name: string) => sizeOf(graph.shape(name) ?? []) > 1;
  const tensors = new Set([...read].filter(isTensor).map((name) => sourceOf(graph, name)));
  const scalars = [...read].filter((name) => !isTensor(name));
  const numbers = new Map([...tensors, ...scalars, ...made].map((name, i) => [name, i]));
  const numberOf = (name: string) =>
    (numbers.get(name) ?? numbers.get(sourceOf(graph, name))) as number;
  const results = [...made].filter((name) => outputs.has(name));
  return {
    program: {
      tensors: tensors.size,
      scalars: scalars.length,
      steps: nodes.map((node) => ({
        op: qualified(node) as Arithmetic,
        inputs: node.inputs.map(numberOf),
      })),
      results: results.map(numberOf),
    },
    size,
    tensors: [...tensors],
    scalars: scalars.map((name) => graph.known.values(name)?.[0] ?? name),
    results,
  };
}

/** The same numbers before they were given another shape. */
function sourceOf(graph: Rewriter, name: string): string {
  const [source = ""] = graph.producer(name, "Reshape")?.inputs ?? [];
  if (!graph.shape(source) || graph.known.values(source)) return name;
  return sourceOf(graph, source);
}
