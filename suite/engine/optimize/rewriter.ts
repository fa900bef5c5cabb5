/**
 * @file A graph that rewrites change: who produces and who reads each name, what is known of it,
 * and edits that keep the nodes in an order in which they can run.
 */
import type { OnnxAttributes, OnnxNode, Subgraph } from "../graph.ts";
import type { ModelBuilder } from "../model.ts";
import type { Knowledge, Shape } from "./shapes.ts";

/** A rewrite looks at each node of the graph and may change it and what feeds it. */
export type Rewrite = (graph: Rewriter) => void;

export class Rewriter {
  private readonly producers = new Map<string, OnnxNode>();
  private readonly readers = new Map<string, OnnxNode[]>();
  /** Names that subgraphs read: their nodes stay as they are. */
  private readonly captured = new Set<string>();

  constructor(
    private readonly builder: ModelBuilder,
    /** The graph's outputs; a rewrite may put other names in their place. */
    readonly outputs: string[],
  ) {
    for (const node of this.nodes) {
      this.index(node);
      for (const value of Object.values(node.attributes)) {
        if (isSubgraph(value)) this.capture(value);
      }
    }
  }

  get nodes(): OnnxNode[] {
    return this.builder.list;
  }

  get known(): Knowledge {
    return this.builder;
  }

  shape(name: string): Shape | undefined {
    return this.builder.shape(name);
  }

  /** The node that makes `name`, if it has this op. */
  producer(name: string | undefined, op?: string): OnnxNode | undefined {
    const node = this.producers.get(name ?? "");
    return op === undefined || node?.op === op ? node : undefined;
  }

  /** Nodes that read `name`; one that reads it twice counts twice. */
  readersOf(name: string): readonly OnnxNode[] {
    return this.readers.get(name) ?? [];
  }

  /** Nothing but one node reads `name`. */
  isReadOnce(name: string): boolean {
    return this.readersOf(name).length === 1 && !this.isPinned(name);
  }

  /** Read from outside of the nodes: a graph output, or by a subgraph. */
  isPinned(name: string): boolean {
    return this.outputs.includes(name) || this.isCaptured(name);
  }

  isCaptured(name: string): boolean {
    return this.captured.has(name);
  }

  /** Adds a node in front of `before`; returns its first output. */
  insert(
    before: OnnxNode,
    op: string,
    inputs: readonly string[],
    attributes: OnnxAttributes = {},
    count = 1,
  ): string {
    const [name] = this.builder.nodes(op, inputs, attributes, count);
    const node = this.nodes.pop() as OnnxNode;
    this.nodes.splice(this.nodes.indexOf(before), 0, node);
    this.index(node);
    return name as string;
  }

  constant(...call: Parameters<ModelBuilder["constant"]>): string {
    return this.builder.constant(...call);
  }

  ints(values: readonly number[]): string {
    return this.builder.ints(values);
  }

  /** Changes what a node computes; its outputs keep their names. */
  change(node: OnnxNode, op: string, inputs: readonly string[], attributes: OnnxAttributes): void {
    for (const name of node.inputs) this.forget(name, node);
    const [domain, type] = op.includes(":") ? (op.split(":") as [string, string]) : ["", op];
    node.op = type;
    node.domain = domain;
    node.inputs = [...inputs];
    node.attributes = attributes;
    for (const name of node.inputs) this.remember(name, node);
  }

  /** Makes every reader of `from` read `to` instead. */
  substitute(from: string, to: string): void {
    for (const node of this.readersOf(from).slice()) {
      node.inputs = node.inputs.map((name) => (name === from ? to : name));
      this.remember(to, node);
    }
    this.readers.delete(from);
    this.outputs.forEach((name, i) => {
      if (name === from) this.outputs[i] = to;
    });
  }

  /** Drops nodes that nothing reads. */
  prune(): void {
    for (let i = this.nodes.length - 1; i >= 0; i--) {
      const node = this.nodes[i] as OnnxNode;
      const needed = node.outputs.some((name) => {
        return this.readersOf(name).length > 0 || this.isPinned(name);
      });
      if (needed) continue;
      this.nodes.splice(i, 1);
      for (const name of node.inputs) this.forget(name, node);
    }
  }

  private index(node: OnnxNode): void {
    for (const name of node.outputs) this.producers.set(name, node);
    for (const name of node.inputs) this.remember(name, node);
  }

  private remember(name: string, reader: OnnxNode): void {
    const list = this.readers.get(name);
    if (list) list.push(reader);
    else this.readers.set(name, [reader]);
  }

  private forget(name: string, reader: OnnxNode): void {
    const list = this.readers.get(name);
    const at = list?.indexOf(reader) ?? -1;
    if (at >= 0) list?.splice(at, 1);
  }

  private capture({ nodes }: Subgraph): void {
    for (const node of nodes) {
      for (const name of node.inputs) this.captured.add(name);
      for (const value of Object.values(node.attributes)) {
        if (isSubgraph(value)) this.capture(value);
      }
    }
  }
}

function isSubgraph(value: OnnxAttributes[string]): value is Subgraph {
  return typeof value === "object" && "kind" in value;
}

/** The op as builders take it, with its domain. */
export function qualified({ domain, op }: OnnxNode): string {
  return domain === "" ? op : `${domain}:${op}`;
}
