/** @file Elementwise arithmetic, comparisons and logic of two tensors, with broadcasting. */
import { backend_util } from "@tensorflow/tfjs-core";
import type { GraphBuilder, Lowering } from "../graph.ts";
import { registerLowering } from "./register.ts";

type Emit = (b: GraphBuilder, x: string, y: string) => string;

const FLOAT = ["float32"];
const NUMERIC = ["float32", "int32"];

interface BinaryOptions {
  /** Input dtypes that the ONNX kernels accept; others fall back. */
  readonly dtypes: readonly string[];
  /** dtype of the result, where it is not the inputs'. */
  readonly result?: "bool" | "int32";
}

function binary({ dtypes, result }: BinaryOptions, emit: Emit): Lowering {
  return {
    inputs: ["a", "b"],
    lower: ([a, b]) => {
      if (!a || !b || a.dtype !== b.dtype || !dtypes.includes(a.dtype)) return null;
      const shape = backend_util.assertAndGetBroadcastShape([...a.shape], [...b.shape]);
      return {
        outputs: [{ shape, dtype: result ?? a.dtype }],
        emit: (builder, [x, y]) => [emit(builder, x as string, y as string)],
      };
    },
  };
}

const op =
  (name: string): Emit =>
  (b, x, y) =>
    b.node(name, [x, y]);

const negated =
  (name: string): Emit =>
  (b, x, y) =>
    b.node("Not", [b.node(name, [x, y])]);

/** Floor division and remainder of int32 in float64, where both are exact; by zero gives 0. */
function integerQuotient(
  b: GraphBuilder,
  x: string,
  y: string,
): { quotient: string; zero: string } {
  const zero = b.node("Equal", [y, b.constant(0, "int32")]);
  const ratio = b.node("Div", [b.cast(x, "float64"), b.cast(y, "float64")]);
  const floor = b.node("Floor", [ratio]);
  const quotient = b.node("Where", [zero, b.constant(0, "float64"), floor]);
  return { quotient: b.cast(quotient, "int32"), zero };
}

const floorDivide: Emit = (b, x, y) => integerQuotient(b, x, y).quotient;

const integerRemainder: Emit = (b, x, y) => {
  const { quotient, zero } = integerQuotient(b, x, y);
  const remainder = b.node("Sub", [x, b.node("Mul", [quotient, y])]);
  return b.node("Where", [zero, b.constant(0, "int32"), remainder]);
};

/** tfjs's remainder has the divisor's sign, C's the dividend's. */
const floatRemainder: Emit = (b, x, y) => {
  const zero = b.constant(0, "float32");
  const fmod = (p: string, q: string) => b.node("Mod", [p, q], { fmod: 1 });
  const remainder = fmod(x, y);
  const signsDiffer = b.node("Xor", [b.node("Less", [x, zero]), b.node("Less", [y, zero])]);
  return b.node("Where", [signsDiffer, fmod(b.node("Add", [remainder, y]), y), remainder]);
};

/** Registers kernels with inputs `a` and `b`. */
export function registerElementwise(): void {
  for (const [kernel, name] of [
    ["Add", "Add"],
    ["Sub", "Sub"],
    ["Multiply", "Mul"],
    ["Maximum", "Max"],
    ["Minimum", "Min"],
  ] as const) {
    registerLowering(kernel, binary({ dtypes: NUMERIC }, op(name)));
  }
  registerLowering("RealDiv", binary({ dtypes: FLOAT }, op("Div")));
  registerLowering("Pow", binary({ dtypes: FLOAT }, op("Pow")));
  registerLowering("FloorDiv", binary({ dtypes: ["int32"] }, floorDivide));
  registerLowering("Mod", mod);
  registerLowering(
    "SquaredDifference",
    binary({ dtypes: NUMERIC }, (b, x, y) => {
      const difference = b.node("Sub", [x, y]);
      return b.node("Mul", [difference, difference]);
    }),
  );
  registerComparisons();
}

const floatMod = binary({ dtypes: FLOAT }, floatRemainder);
const integerMod = binary({ dtypes: ["int32"] }, integerRemainder);

const mod: Lowering = {
  inputs: ["a", "b"],
  lower: (inputs, attributes) =>
    floatMod.lower(inputs, attributes) ?? integerMod.lower(inputs, attributes),
};

function registerComparisons(): void {
  const compared = { dtypes: NUMERIC, result: "bool" } as const;
  registerLowering("Equal", binary({ dtypes: [...NUMERIC, "bool"], result: "bool" }, op("Equal")));
  registerLowering(
    "NotEqual",
    binary({ dtypes: [...NUMERIC, "bool"], result: "bool" }, negated("Equal")),
  );
  registerLowering("Greater", binary(compared, op("Greater")));
  registerLowering("GreaterEqual", binary(compared, op("GreaterOrEqual")));
  registerLowering("Less", binary(compared, op("Less")));
  registerLowering("LessEqual", binary(compared, op("LessOrEqual")));
  registerLowering("LogicalAnd", binary({ dtypes: ["bool"] }, op("And")));
  registerLowering("LogicalOr", binary({ dtypes: ["bool"] }, op("Or")));
  registerLowering("BitwiseAnd", binary({ dtypes: ["int32"] }, op("BitwiseAnd")));
}
