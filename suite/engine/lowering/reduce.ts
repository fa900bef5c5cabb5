/** @file Reductions over axes, cumulative sums, indices of extremes. */
import { backend_util, util } from "@tensorflow/tfjs-core";
import type { GraphBuilder, Lowering, TensorSpec } from "../graph.ts";
import { sizeOf } from "../graph.ts";
import { registerLowering } from "./register.ts";

interface Reduction {
  /** Result dtype by input dtype; a missing input dtype falls back. */
  readonly dtypes: Readonly<Partial<Record<string, "float32" | "int32" | "bool">>>;
  emit(b: GraphBuilder, x: string, reduce: Reduce): string;
}

/** Applies an ONNX reduction over the call's axes. */
type Reduce = (op: string, x: string) => string;

function reduction({ dtypes, emit }: Reduction, axisName = "axis"): Lowering {
  return {
    inputs: ["x"],
    lower: ([x], attributes) => {
      const dtype = x && dtypes[x.dtype];
      if (!x || !dtype) return null;
      const keepDims = Boolean(attributes.keepDims);
      const { axes, shape } = reducedShape(x, attributes[axisName], keepDims);
      return {
        outputs: [{ shape, dtype }],
        emit: (b, [name]) => {
          const input = x.dtype === dtype ? (name as string) : b.cast(name as string, dtype);
          // No axes mean "none" in tfjs, and "all" in ONNX.
          const reduce: Reduce = (op, operand) =>
            axes.length === 0
              ? operand
              : b.node(op, [operand, b.ints(axes)], { keepdims: keepDims ? 1 : 0 });
          return [emit(b, input, reduce)];
        },
      };
    },
  };
}

function reducedShape(
  x: TensorSpec,
  axis: unknown,
  keepDims: boolean,
): { axes: number[]; shape: number[] } {
  const axes = util.parseAxisParam(axis as number | number[], [...x.shape]).sort((a, b) => a - b);
  const [reduced] = backend_util.computeOutAndReduceShapes([...x.shape], axes);
  return { axes, shape: keepDims ? backend_util.expandShapeToKeepDim(reduced, axes) : reduced };
}

function extremeLowering(op: "Max" | "Min", axisName: string): Lowering {
  const float = reduction(
    { dtypes: { float32: "float32" }, emit: (_, x, reduce) => reduce(`crossover:Reduce${op}`, x) },
    axisName,
  );
  const other = reduction(
    { dtypes: { int32: "int32" }, emit: (_, x, reduce) => reduce(`Reduce${op}`, x) },
    axisName,
  );
  return {
    inputs: ["x"],
    lower: (inputs, attributes) => {
      const x = inputs[0];
      // The maximum of nothing is -Infinity in tfjs and an error in ONNX Runtime.
      if (!x || sizeOf(x.shape) === 0) return null;
      return float.lower(inputs, attributes) ?? other.lower(inputs, attributes);
    },
  };
}

/** NaN never wins, as in tfjs. */
function argLowering(op: "ArgMax" | "ArgMin"): Lowering {
  const loser = op === "ArgMax" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  return {
    inputs: ["x"],
    lower: ([x], { axis }) => {
      if (x?.dtype !== "float32" && x?.dtype !== "int32") return null;
      const { axes, shape } = reducedShape(x, axis, false);
      if (sizeOf(x.shape) === 0 || axes.length !== 1) return null;
      return {
        outputs: [{ shape, dtype: "int32" }],
        emit: (b, [name]) => {
          const input = name as string;
          const numbers =
            x.dtype === "int32"
              ? input
              : b.node("Where", [b.node("IsNaN", [input]), b.constant(loser, "float32"), input]);
          const index = b.node(op, [numbers], { axis: axes[0] as number, keepdims: 0 });
          return [b.cast(index, "int32")];
        },
      };
    },
  };
}

const cumsum: Lowering = {
  inputs: ["x"],
  lower: ([x], { axis, exclusive, reverse }) => {
    if (x?.dtype !== "float32" && x?.dtype !== "int32") return null;
    return {
      outputs: [x],
      emit: (b, [name]) => [
        b.node("CumSum", [name as string, b.constant(axis as number, "int32")], {
          exclusive: exclusive ? 1 : 0,
          reverse: reverse ? 1 : 0,
        }),
      ],
    };
  },
};

const topK: Lowering = {
  inputs: ["x"],
  lower: ([x], { k }) => {
    const last = x?.shape.at(-1) ?? 0;
    if (x?.dtype !== "float32" || last === 0 || k === 0) return null;
    const shape = [...x.shape.slice(0, -1), k as number];
    return {
      outputs: [
        { shape, dtype: "float32" },
        { shape, dtype: "int32" },
      ],
      emit: (b, [name]) => {
        const inputs = [name as string, b.ints([k as number])];
        const [values, indices] = b.nodes("TopK", inputs, {}, 2);
        return [values as string, b.cast(indices as string, "int32")];
      },
    };
  },
};

const floatSum = reduction({
  dtypes: { float32: "float32" },
  emit: (_, x, reduce) => reduce("crossover:ReduceSum", x),
});
const integerSum = reduction({
  dtypes: { int32: "int32", bool: "int32" },
  emit: (_, x, reduce) => reduce("ReduceSum", x),
});

const sum: Lowering = {
  inputs: ["x"],
  lower: (inputs, attributes) =>
    floatSum.lower(inputs, attributes) ?? integerSum.lower(inputs, attributes),
};

/** Registers reductions. */
export function registerReductions(): void {
  const summed = { float32: "float32", int32: "int32", bool: "int32" } as const;
  const by = (op: string) => (_: GraphBuilder, x: string, reduce: Reduce) => reduce(op, x);
  registerLowering("Sum", sum);
  registerLowering("Prod", reduction({ dtypes: summed, emit: by("ReduceProd") }));
  registerLowering(
    "Mean",
    reduction({
      dtypes: { float32: "float32", int32: "float32", bool: "float32" },
      emit: by("ReduceMean"),
    }),
  );
  registerLowering("Max", extremeLowering("Max", "reductionIndices"));
  registerLowering("Min", extremeLowering("Min", "axis"));
  registerLowering("All", reduction({ dtypes: { bool: "bool" }, emit: logical("ReduceMin") }));
  registerLowering("Any", reduction({ dtypes: { bool: "bool" }, emit: logical("ReduceMax") }));
  registerLowering("ArgMax", argLowering("ArgMax"));
  registerLowering("ArgMin", argLowering("ArgMin"));
  registerLowering("Cumsum", cumsum);
  registerLowering("TopK", topK);
}

function logical(op: string): Reduction["emit"] {
  return (b, x, reduce) => b.cast(reduce(op, b.cast(x, "int32")), "bool");
}
