/**
 * @file Recorded kernels: what a node of the lazy graph is, and the trace that recognises a
 * recording which repeats an earlier one.
 *
 * A recording is a sequence of nodes whose inputs are *slots*: the outputs of earlier nodes (0, 1,
 * 2 ...) or the materialised tensors they met, in order of first use (-1, -2, ...). Sequences share
 * a tree. Recording a step again walks down the same path by integer comparisons, so neither shapes
 * nor attributes nor signatures are computed twice, and identities of tensors never matter.
 */
import type { DataType } from "@tensorflow/tfjs-core";
import type { Device } from "./devices.ts";

/** The name under which the backend is registered with tfjs, whatever its device. */
export const BACKEND_NAME = "onnxruntime";

export interface TensorSpec {
  readonly shape: readonly number[];
  readonly dtype: DataType;
}

/** A tensor of a graph. */
export interface Named {
  readonly name: string;
  readonly spec: TensorSpec;
}

export type Attributes = Readonly<Record<string, unknown>>;

/** Element types of ONNX values; float64 and int64 exist only inside a graph. */
export type OnnxDtype = "float32" | "int32" | "bool" | "int64" | "float64" | "uint8";

/** A graph that a Loop, If or Scan node runs; it may read names of the graph around it. */
export interface Subgraph {
  readonly kind: "subgraph";
  readonly inputs: readonly OnnxValueInfo[];
  readonly outputs: readonly OnnxValueInfo[];
  readonly nodes: readonly OnnxNode[];
}

export interface OnnxValueInfo {
  readonly name: string;
  readonly dtype: OnnxDtype;
  /** Left out where the shape is only known at run time. */
  readonly shape?: readonly number[];
}

/** A number is an ONNX int; `{ float }` is an ONNX float, which a whole number also may be. */
export type OnnxAttribute =
  | number
  | readonly number[]
  | string
  | { readonly float: number }
  | Subgraph;

export type OnnxAttributes = Readonly<Record<string, OnnxAttribute>>;

export interface OnnxNode {
  op: string;
  domain: string;
  inputs: string[];
  outputs: string[];
  attributes: OnnxAttributes;
}

/** Writes ONNX nodes; names are made up by the builder and unique in the whole model. */
export interface GraphBuilder {
  /** Where the graph will run: some runtimes lack an op, or an output of one. */
  readonly device: Device;
  /** Appends a node with one output. An op of another domain is written "com.microsoft:Gelu". */
  node(op: string, inputs: readonly string[], attributes?: OnnxAttributes): string;
  /** Appends a node with `count` outputs. */
  nodes(op: string, inputs: readonly string[], attributes: OnnxAttributes, count: number): string[];
  /** A constant tensor; equal constants share one. A number becomes a scalar. */
  constant(values: number | readonly number[], dtype: OnnxDtype, shape?: readonly number[]): string;
  /** A constant int64 vector: axes, sizes, starts. */
  ints(values: readonly number[]): string;
  cast(name: string, dtype: OnnxDtype): string;
  reshape(name: string, shape: readonly number[]): string;
  /** Writes a subgraph for an attribute; `body` gets the names of its inputs. */
  subgraph(
    inputs: readonly Omit<OnnxValueInfo, "name">[],
    outputs: readonly Omit<OnnxValueInfo, "name">[],
    body: (builder: GraphBuilder, inputs: string[]) => string[],
  ): Subgraph;
}

/** A kernel call as ONNX: shapes of its outputs now, its nodes when a graph is compiled. */
export interface LoweredNode {
  readonly outputs: readonly TensorSpec[];
  /** The kernel returns a list even when it has one output. */
  readonly list?: boolean;
  /**
   * Writes the nodes and returns the names of the outputs. `inputs` follow the lowering's `inputs`
   * and then its `volatile` attributes (float32 scalars); an absent input is "".
   */
  emit(builder: GraphBuilder, inputs: string[]): readonly string[];
}

/**
 * How a tfjs kernel becomes ONNX nodes. `lower` must depend on nothing but its arguments: its
 * result is kept and used again for every recording that calls the kernel alike.
 */
export interface Lowering {
  /** Names of the tensor inputs, in the order in which `lower` and `emit` see them; left out for kernels whose inputs are a list. */
  readonly inputs?: readonly string[];
  /**
   * Numeric attributes that may change from step to step: fed as scalars, so that a new value never
   * causes a recompile. `lower` must not look at them.
   */
  readonly volatile?: readonly string[];
  /** Throws where the values of an input that is already materialised are not allowed. */
  check?(
    values: readonly (ArrayLike<number> | null)[],
    inputs: readonly TensorSpec[],
    attributes: Attributes,
  ): void;
  /** Null: no lowering for these shapes, dtypes or attributes; the call falls back to tfjs's cpu kernel. */
  lower(inputs: readonly (TensorSpec | undefined)[], attributes: Attributes): LoweredNode | null;
}

/** A kernel with its lowering, as registered. */
export interface LoweredKernel {
  readonly name: string;
  readonly lowering: Lowering;
}

/** Slot of an optional input that was not given. */
export const ABSENT = -(2 ** 30);

const NO_SHAPE: readonly number[] = [];

/** The inputs of the kernel call that is being recorded, reused from call to call. */
export class CallInputs {
  count = 0;
  readonly slots: number[] = [];
  readonly shapes: (readonly number[])[] = [];
  readonly dtypes: DataType[] = [];

  add(slot: number, shape: readonly number[], dtype: DataType): void {
    const index = this.count++;
    this.slots[index] = slot;
    this.shapes[index] = shape;
    this.dtypes[index] = dtype;
  }

  addAbsent(): void {
    this.add(ABSENT, NO_SHAPE, "float32");
  }

  /** A copy of shapes and dtypes; undefined where an optional input is absent. */
  specs(): (TensorSpec | undefined)[] {
    return this.slots.slice(0, this.count).map((slot, i) => {
      const spec = { shape: [...(this.shapes[i] ?? [])], dtype: this.dtypes[i] ?? "float32" };
      return slot === ABSENT ? undefined : spec;
    });
  }
}

/** One recorded node, at its place in the tree of recordings. */
export class TraceNode<Leaf = unknown> {
  private readonly children: TraceNode<Leaf>[] = [];
  private recent: TraceNode<Leaf> | null = null;
  /** What is known of recordings that end here. */
  leaf: Leaf | null = null;
  /** The attributes as part of a signature. */
  readonly attributeKey: string;

  constructor(
    readonly parent: TraceNode<Leaf> | null,
    readonly kernel: LoweredKernel | null,
    readonly attributes: Attributes,
    readonly slots: readonly number[],
    readonly specs: readonly TensorSpec[],
    readonly lowered: LoweredNode | null,
    /** Slot of the first output. */
    readonly firstOutput: number,
  ) {
    this.attributeKey = JSON.stringify(attributes, exactNumber);
  }

  /** The recorded continuation by this call, or null where it is new. */
  find(kernel: LoweredKernel, attributes: Attributes, call: CallInputs): TraceNode<Leaf> | null {
    const { recent } = this;
    if (recent?.matches(kernel, attributes, call)) return recent;
    for (const child of this.children) {
      if (child !== recent && child.matches(kernel, attributes, call)) {
        this.recent = child;
        return child;
      }
    }
    return null;
  }

  extend(
    kernel: LoweredKernel,
    attributes: Attributes,
    call: CallInputs,
    lowered: LoweredNode,
    firstOutput: number,
  ): TraceNode<Leaf> {
    const slots = call.slots.slice(0, call.count);
    const specs = slots.map((_, i) => ({
      shape: [...(call.shapes[i] ?? NO_SHAPE)],
      dtype: call.dtypes[i] ?? "float32",
    }));
    const kept = copyAttributes(attributes, kernel.lowering.volatile);
    const child = new TraceNode<Leaf>(this, kernel, kept, slots, specs, lowered, firstOutput);
    this.children.push(child);
    this.recent = child;
    return child;
  }

  private matches(kernel: LoweredKernel, attributes: Attributes, call: CallInputs): boolean {
    if (this.kernel !== kernel || this.slots.length !== call.count) return false;
    for (let i = 0; i < call.count; i++) {
      if (this.slots[i] !== call.slots[i]) return false;
      const spec = this.specs[i] as TensorSpec;
      if (spec.dtype !== call.dtypes[i]) return false;
      if (!sameShape(spec.shape, call.shapes[i] as readonly number[])) return false;
    }
    return sameAttributes(this.attributes, attributes, kernel.lowering.volatile);
  }
}

export function sameShape(a: readonly number[], b: readonly number[]): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

export function sizeOf(shape: readonly number[]): number {
  let size = 1;
  for (const dim of shape) size *= dim;
  return size;
}

/** JSON would write NaN and infinities as null. */
function exactNumber(_: string, value: unknown): unknown {
  return typeof value === "number" && !Number.isFinite(value) ? `${value}` : value;
}

function copyAttributes(attributes: Attributes, omit: readonly string[] | undefined): Attributes {
  const entries = Object.entries(attributes ?? {}).filter(([name]) => !omit?.includes(name));
  return structuredClone(Object.fromEntries(entries));
}

function sameAttributes(
  known: Attributes,
  given: Attributes,
  omit: readonly string[] | undefined,
): boolean {
  for (const name in given) {
    if (omit?.includes(name)) continue;
    if (!sameValue(known[name], given[name])) return false;
  }
  return true;
}

function sameValue(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) {
    return Number.isNaN(a) && Number.isNaN(b);
  }
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, i) => sameValue(item, b[i]));
  }
  const left = Object.entries(a);
  const right = b as Record<string, unknown>;
  return (
    left.length === Object.keys(right).length &&
    left.every(([name, value]) => sameValue(value, right[name]))
  );
}
