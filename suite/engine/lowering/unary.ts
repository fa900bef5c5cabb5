/** @file Elementwise functions of one tensor. */
import type { Attributes, GraphBuilder, Lowering } from "../graph.ts";
import { registerLowering } from "./register.ts";

type Emit = (b: GraphBuilder, x: string, attributes: Attributes) => string;

const FLOAT = ["float32"];
const NUMERIC = ["float32", "int32"];

function unary(dtypes: readonly string[], emit: Emit, result?: "bool" | "int32"): Lowering {
  return {
    inputs: ["x"],
    lower: ([x], attributes) => {
      if (!x || !dtypes.includes(x.dtype)) return null;
      return {
        outputs: [{ shape: x.shape, dtype: result ?? x.dtype }],
        emit: (b, [name]) => [emit(b, name as string, attributes)],
      };
    },
  };
}

const op =
  (name: string): Emit =>
  (b, x) =>
    b.node(name, [x]);

const zero = (b: GraphBuilder) => b.constant(0, "float32");
const one = (b: GraphBuilder) => b.constant(1, "float32");

/** tfjs keeps NaN, gives `alpha` at 0, and uses alpha = -1 for the gradient of abs. */
const step: Emit = (b, x, { alpha = 0 }) =>
  b.node("crossover:Step", [x], { alpha: { float: alpha as number } });

/** exp(x) - 1 and log(1 + x) lose all digits near 0 in float32; float64 keeps them. */
const expm1: Emit = (b, x) => {
  const exp = b.node("Exp", [b.cast(x, "float64")]);
  return b.cast(b.node("Sub", [exp, b.constant(1, "float64")]), "float32");
};

const log1p: Emit = (b, x) => {
  const sum = b.node("Add", [b.cast(x, "float64"), b.constant(1, "float64")]);
  return b.cast(b.node("Log", [sum]), "float32");
};

/** Scaled exponential unit's constants as tfjs writes them (Klambauer et al. 2017). */
const SELU = { alpha: 1.7580993408473768, scale: 1.0507009873554805 };

const selu: Emit = (b, x) => {
  const below = b.node("Mul", [
    b.constant(SELU.alpha, "float32"),
    b.node("Sub", [b.node("Exp", [b.node("Min", [x, zero(b)])]), one(b)]),
  ]);
  const above = b.node("Mul", [b.constant(SELU.scale, "float32"), x]);
  return b.node("Where", [b.node("GreaterOrEqual", [x, zero(b)]), above, below]);
};

const leakyRelu: Emit = (b, x, { alpha }) =>
  b.node("LeakyRelu", [x], { alpha: { float: alpha as number } });

/** Functions that ONNX has under the same name, float32 only. */
const SAME_NAME = [
  "Acos Acosh Asin Asinh Atan Atanh Ceil Cos Cosh Elu Erf Exp Floor Log Reciprocal Round",
  "Sigmoid Sin Sinh Softplus Sqrt Tanh",
].flatMap((names) => names.split(" "));

/** Registers kernels with the input `x`. */
export function registerUnary(): void {
  for (const name of SAME_NAME) registerLowering(name, unary(FLOAT, op(name)));
  for (const name of ["Abs", "Neg", "Relu"]) registerLowering(name, unary(NUMERIC, op(name)));
  registerLowering(
    "Square",
    unary(NUMERIC, (b, x) => b.node("Mul", [x, x])),
  );
  registerLowering(
    "Rsqrt",
    unary(FLOAT, (b, x) => b.node("Reciprocal", [b.node("Sqrt", [x])])),
  );
  registerLowering("Expm1", unary(FLOAT, expm1));
  registerLowering("Log1p", unary(FLOAT, log1p));
  registerLowering("Selu", unary(FLOAT, selu));
  registerLowering("LeakyRelu", unary(FLOAT, leakyRelu));
  registerLowering(
    "Relu6",
    unary(FLOAT, (b, x) => b.node("Clip", [x, zero(b), b.constant(6, "float32")])),
  );
  registerLowering("Sign", unary(FLOAT, op("crossover:Sign")));
  registerLowering("Step", unary(FLOAT, step));
  registerLowering("LogicalNot", unary(["bool"], op("Not")));
  registerLowering("IsNan", unary(FLOAT, op("IsNaN"), "bool"));
  registerLowering("IsInf", unary(FLOAT, op("IsInf"), "bool"));
  registerLowering(
    "IsFinite",
    unary(
      FLOAT,
      (b, x) => b.node("Not", [b.node("Or", [b.node("IsNaN", [x]), b.node("IsInf", [x])])]),
      "bool",
    ),
  );
}
