/** @file Writing an ONNX model: nodes, shared constants, subgraphs, and the encoded bytes. */
import protobuf from "onnx-proto";
import type { Device } from "./devices.ts";
import type {
  GraphBuilder,
  OnnxAttribute,
  OnnxAttributes,
  OnnxDtype,
  OnnxNode,
  OnnxValueInfo,
  Subgraph,
} from "./graph.ts";
import { sizeOf } from "./graph.ts";
import { inferShape, type Knowledge, type Shape } from "./optimize/shapes.ts";

const { onnx } = protobuf;

/** Opset 21 is the newest that ONNX Runtime 1.30's kernels and transpose optimizer know fully. */
const OPSET = 21;
const IR_VERSION = 10;

const ELEMENT_TYPE: Record<OnnxDtype, number> = {
  float32: 1,
  uint8: 2,
  int32: 6,
  int64: 7,
  bool: 9,
  float64: 11,
};

export interface Constant {
  readonly name: string;
  readonly dtype: OnnxDtype;
  readonly shape: readonly number[];
  readonly values: readonly number[];
}

export interface Model {
  readonly inputs: OnnxValueInfo[];
  readonly outputs: OnnxValueInfo[];
  readonly nodes: OnnxNode[];
  readonly constants: Constant[];
}

/** Shared by a model and its subgraphs: constants and the counter that names come from. */
class Scope {
  private readonly byKey = new Map<string, Constant>();
  private readonly byName = new Map<string, Constant>();
  private names = 0;

  find(name: string): Constant | undefined {
    return this.byName.get(name);
  }

  get constants(): Constant[] {
    return [...this.byKey.values()];
  }

  name(): string {
    return `t${this.names++}`;
  }

  constant(values: readonly number[], dtype: OnnxDtype, shape: readonly number[]): string {
    const exact = values.map((value) => (Object.is(value, -0) ? "-0" : `${value}`));
    const key = `${dtype}|${shape}|${exact}`;
    let constant = this.byKey.get(key);
    if (constant === undefined) {
      constant = { name: `c${this.byKey.size}`, dtype, shape, values };
      this.byKey.set(key, constant);
      this.byName.set(constant.name, constant);
    }
    return constant.name;
  }
}

export class ModelBuilder implements GraphBuilder, Knowledge {
  readonly list: OnnxNode[] = [];
  private readonly shapes = new Map<string, Shape>();

  constructor(
    readonly device: Device,
    private readonly scope = new Scope(),
  ) {}

  get constants(): Constant[] {
    return this.scope.constants;
  }

  node(op: string, inputs: readonly string[], attributes: OnnxAttributes = {}): string {
    return this.nodes(op, inputs, attributes, 1)[0] as string;
  }

  nodes(
    op: string,
    inputs: readonly string[],
    attributes: OnnxAttributes,
    count: number,
  ): string[] {
    const [domain, type] = op.includes(":") ? (op.split(":") as [string, string]) : ["", op];
    const outputs = Array.from({ length: count }, () => this.scope.name());
    const node = { op: type, domain, inputs: [...inputs], outputs, attributes };
    this.list.push(node);
    const shape = inferShape(node, this);
    if (shape) this.declare(outputs[0] as string, shape);
    return outputs;
  }

  /** States the shape of a name that cannot be inferred. */
  declare(name: string, shape: Shape): void {
    this.shapes.set(name, shape);
  }

  shape(name: string): Shape | undefined {
    return this.shapes.get(name) ?? this.scope.find(name)?.shape;
  }

  values(name: string): readonly number[] | undefined {
    return this.scope.find(name)?.values;
  }

  constant(
    values: number | readonly number[],
    dtype: OnnxDtype,
    shape?: readonly number[],
  ): string {
    const list = typeof values === "number" ? [values] : values;
    return this.scope.constant(
      list,
      dtype,
      shape ?? (typeof values === "number" ? [] : [list.length]),
    );
  }

  ints(values: readonly number[]): string {
    return this.constant(values, "int64");
  }

  cast(name: string, dtype: OnnxDtype): string {
    return this.node("Cast", [name], { to: ELEMENT_TYPE[dtype] });
  }

  reshape(name: string, shape: readonly number[]): string {
    // A zero in Reshape's shape means "copy that dimension"; allowzero makes it mean zero.
    return this.node(
      "Reshape",
      [name, this.ints(shape)],
      shape.includes(0) ? { allowzero: 1 } : {},
    );
  }

  subgraph(
    inputs: readonly Omit<OnnxValueInfo, "name">[],
    outputs: readonly Omit<OnnxValueInfo, "name">[],
    body: (builder: GraphBuilder, inputs: string[]) => string[],
  ): Subgraph {
    const inner = new ModelBuilder(this.device, this.scope);
    const named = inputs.map((input) => ({ ...input, name: this.scope.name() }));
    const results = body(
      inner,
      named.map(({ name }) => name),
    );
    // A subgraph's outputs must be produced inside it, under names of their own.
    const finals = results.map((name) => inner.node("Identity", [name]));
    return {
      kind: "subgraph",
      inputs: named,
      outputs: outputs.map((output, i) => ({ ...output, name: finals[i] as string })),
      nodes: inner.list,
    };
  }
}

/** The model's bytes, as ONNX Runtime loads them. */
export function encodeModel(model: Model): Uint8Array {
  return onnx.ModelProto.encode(
    onnx.ModelProto.create({
      irVersion: IR_VERSION,
      opsetImport: [
        { domain: "", version: OPSET },
        { domain: "com.microsoft", version: 1 },
      ],
      graph: {
        name: "step",
        node: model.nodes.map(encodeNode),
        input: model.inputs.map(encodeValueInfo),
        output: model.outputs.map(encodeValueInfo),
        initializer: model.constants.map((constant) => ({
          name: constant.name,
          dataType: ELEMENT_TYPE[constant.dtype],
          dims: [...constant.shape],
          rawData: rawBytes(constant),
        })),
      },
    }),
  ).finish();
}

function encodeNode(node: OnnxNode): Record<string, unknown> {
  return {
    opType: node.op,
    domain: node.domain,
    input: node.inputs,
    output: node.outputs,
    attribute: Object.entries(node.attributes).map(([name, value]) => encodeAttribute(name, value)),
  };
}

function encodeAttribute(name: string, value: OnnxAttribute): Record<string, unknown> {
  const types = onnx.AttributeProto.AttributeType;
  if (typeof value === "number") return { name, type: types.INT, i: value };
  if (typeof value === "string") return { name, type: types.STRING, s: Buffer.from(value) };
  if ("float" in value) return { name, type: types.FLOAT, f: value.float };
  if ("kind" in value) {
    const graph = {
      name,
      node: value.nodes.map(encodeNode),
      input: value.inputs.map(encodeValueInfo),
      output: value.outputs.map(encodeValueInfo),
    };
    return { name, type: types.GRAPH, g: graph };
  }
  return { name, type: types.INTS, ints: [...value] };
}

function encodeValueInfo({ name, dtype, shape }: OnnxValueInfo): Record<string, unknown> {
  const dims = shape && { dim: shape.map((dimValue) => ({ dimValue })) };
  const tensorType = { elemType: ELEMENT_TYPE[dtype], ...(dims && { shape: dims }) };
  return { name, type: { tensorType } };
}

function rawBytes({ values, dtype, shape }: Constant): Uint8Array {
  if (values.length !== sizeOf(shape)) {
    throw new Error(`A constant of shape [${shape}] was given ${values.length} values.`);
  }
  const array = typedArray(dtype, values);
  return new Uint8Array(array.buffer);
}

function typedArray(dtype: OnnxDtype, values: readonly number[]) {
  switch (dtype) {
    case "float32":
      return Float32Array.from(values);
    case "float64":
      return Float64Array.from(values);
    case "int32":
      return Int32Array.from(values);
    case "int64":
      return BigInt64Array.from(values, (value) => BigInt(value));
    default:
      return Uint8Array.from(values);
  }
}
