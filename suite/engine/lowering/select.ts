/** @file Casts, clips, choices, and kernels that only give their input another shape. */
import type { TensorInfo } from "@tensorflow/tfjs-core";
import { util } from "@tensorflow/tfjs-core";
import type { Lowering, OnnxDtype, TensorSpec } from "../graph.ts";

import { registerLowering, registerOn } from "./register.ts";

export const REAL_DTYPES: readonly string[] = ["float32", "int32", "bool"];

/** NaN and values beyond int32 become 0 or wrap in tfjs; ONNX Runtime gives -2³¹ for both. */
const cast: Lowering = {
  inputs: ["x"],
  lower: ([x], { dtype }) => {
    if (!x || !REAL_DTYPES.includes(x.dtype) || !REAL_DTYPES.includes(dtype as string)) return null;
    return {
      outputs: [{ shape: x.shape, dtype: dtype as TensorSpec["dtype"] }],
      emit: (b, [name]) => [b.cast(name as string, dtype as OnnxDtype)],
    };
  },
};

const clip: Lowering = {
  inputs: ["x"],
  volatile: ["clipValueMin", "clipValueMax"],
  lower: ([x]) => {
    if (x?.dtype !== "float32" && x?.dtype !== "int32") return null;
    const { dtype } = x;
    return {
      outputs: [{ shape: x.shape, dtype }],
      emit: (b, [name, min, max]) => {
        const bound = (scalar: string) => (dtype === "int32" ? b.cast(scalar, dtype) : scalar);
        return [b.node("Clip", [name as string, bound(min as string), bound(max as string)])];
      },
    };
  },
};

/** A condition of rank 1 chooses whole slices along the first axis. */
const select: Lowering = {
  inputs: ["condition", "t", "e"],
  lower: ([condition, t, e]) => {
    if (condition?.dtype !== "bool" || !t || t.dtype !== e?.dtype) return null;
    if (!REAL_DTYPES.includes(t.dtype)) return null;
    const { shape } = t;
    const bySlice = condition.shape.length === 1 && shape.length > 1;
    const conditionShape = [condition.shape[0] ?? 1, ...shape.slice(1).map(() => 1)];
    return {
      outputs: [{ shape, dtype: t.dtype }],
      emit: (b, [mask, yes, no]) => {
        const chosen = bySlice ? b.reshape(mask as string, conditionShape) : (mask as string);
        if (t.dtype !== "bool") return [b.node("Where", [chosen, yes as string, no as string])];
        // Where has no kernel for bool.
        const choice = b.node("Where", [
          chosen,
          b.cast(yes as string, "uint8"),
          b.cast(no as string, "uint8"),
        ]);
        return [b.cast(choice, "bool")];
      },
    };
  },
};

/** Registers Cast, ClipByValue, Select, and the kernels that share their input's buffer. */
export function registerSelection(): void {
  registerLowering("ClipByValue", clip);
  registerLowering("Select", select);
  const castKernel = { name: "Cast", lowering: cast };
  registerOn("Cast", (backend, inputs, attributes) => {
    const x = inputs.x as TensorInfo;
    if (x.dtype === attributes.dtype) return backend.alias(x, x.shape);
    return backend.run(castKernel, inputs, attributes);
  });
  registerOn("Identity", (backend, { x }) =>
    backend.alias(x as TensorInfo, (x as TensorInfo).shape),
  );
  registerOn("Reshape", (backend, inputs, { shape }) => {
    const x = inputs.x as TensorInfo;
    const size = util.sizeFromShape(x.shape);
    const inferred = util.inferFromImplicitShape(shape as number[], size);
    util.assert(
      util.sizeFromShape(inferred) === size,
      () => `Cannot reshape [${x.shape}] (${size} values) to [${inferred}].`,
    );
    return backend.alias(x, inferred);
  });
  registerOn("ExpandDims", (backend, inputs, { dim }) => {
    const input = inputs.input as TensorInfo;
    const shape = input.shape.slice();
    const at = dim as number;
    util.assert(
      at >= -(shape.length + 1) && at <= shape.length,
      () => `Axis must be in the interval [${-(shape.length + 1)}, ${shape.length}], but is ${at}.`,
    );
    shape.splice(at < 0 ? shape.length + at + 1 : at, 0, 1);
    return backend.alias(input, shape);
  });
}
