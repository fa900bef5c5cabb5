/** @file Tensors made of a constant or a progression, and sums of many. */
import type { GraphBuilder, Lowering, OnnxDtype } from "../graph.ts";
import { registerLowering, registerOn } from "./register.ts";
import { REAL_DTYPES } from "./select.ts";

function expanded(b: GraphBuilder, scalar: string, shape: readonly number[]): string {
  return shape.length === 0 ? scalar : b.node("Expand", [scalar, b.ints(shape)]);
}

/** The value may change every step: it is an input. */
const fillFloat: Lowering = {
  inputs: [],
  volatile: ["value"],
  lower: (_, { shape }) => ({
    outputs: [{ shape: shape as number[], dtype: "float32" }],
    emit: (b, [value]) => [expanded(b, value as string, shape as number[])],
  }),
};

const fillOther: Lowering = {
  inputs: [],
  lower: (_, { shape, value, dtype }) => {
    if (dtype !== "int32" && dtype !== "bool") return null;
    return {
      outputs: [{ shape: shape as number[], dtype }],
      emit: (b) => [expanded(b, b.constant(Number(value), dtype), shape as number[])],
    };
  },
};

function filledLike(value: number): Lowering {
  return {
    inputs: ["x"],
    lower: ([x]) => {
      if (!x || !REAL_DTYPES.includes(x.dtype)) return null;
      return {
        outputs: [x],
        emit: (b) => [expanded(b, b.constant(value, x.dtype as OnnxDtype), x.shape)],
      };
    },
  };
}

/** Longer progressions are left to tfjs, so that they do not become large constants. */
const RANGE_LIMIT = 65_536;

/** tfjs adds the step again and again; so the same rounding comes out. */
const range: Lowering = {
  inputs: [],
  lower: (_, attributes) => {
    const { start, stop, step, dtype } = attributes as Record<string, number> & { dtype: string };
    const from = start as number;
    const by = step as number;
    const count = from === stop ? 0 : Math.abs(Math.ceil(((stop as number) - from) / by));
    const ascending = from < (stop as number);
    if (count > RANGE_LIMIT || by === 0 || ascending !== by > 0) return null;
    if (dtype !== "float32" && dtype !== "int32") return null;
    const values = dtype === "float32" ? new Float32Array(count) : new Int32Array(count);
    for (let i = 0; i < count; i++) values[i] = i === 0 ? from : (values[i - 1] as number) + by;
    return {
      outputs: [{ shape: [count], dtype }],
      emit: (b) => [b.constant([...values], dtype)],
    };
  },
};

const addN: Lowering = {
  lower: (inputs) => {
    const [first] = inputs;
    if (!first || inputs.some((spec) => spec?.dtype !== first.dtype)) return null;
    if (first.dtype !== "float32" && first.dtype !== "int32") return null;
    return {
      outputs: [first],
      // Added from the left, as tfjs does. Sum rounds the same, but has a kernel for float32 on the CPU
      // only; a single addition may be joined with what it follows.
      emit: (b, names) =>
        b.device === "cpu" && first.dtype === "float32" && names.length > 2
          ? [b.node("Sum", names)]
          : [names.reduce((sum, name) => b.node("Add", [sum, name]))],
    };
  },
};

/** Registers Fill, ZerosLike, OnesLike, Range, AddN. */
export function registerFill(): void {
  const float = { name: "Fill", lowering: fillFloat };
  const other = { name: "Fill", lowering: fillOther };
  registerOn("Fill", (backend, inputs, attributes) => {
    const numeric = typeof attributes.value === "number";
    const dtype = attributes.dtype ?? (numeric ? "float32" : "string");
    const resolved = { ...attributes, dtype };
    return backend.run(dtype === "float32" && numeric ? float : other, inputs ?? {}, resolved);
  });
  registerLowering("ZerosLike", filledLike(0));
  registerLowering("OnesLike", filledLike(1));
  registerLowering("Range", range);
  registerLowering("AddN", addN);
}
