/**
 * @file TensorFlow operations that tfjs has no name for (`MatrixInverse`, `Cholesky`,
 * `SelfAdjointEigV2`, `Qr`), called by name through tfjs-node's binding. Imports nothing of Node,
 * so custom kernels that use it stay loadable in a browser.
 */
import { backend, type Tensor, type TensorInfo } from "@tensorflow/tfjs-core";

/** One tensor inside libtensorflow. */
interface NativeTensor {
  id: number;
  shape: number[];
  dtype: number;
}

/** Numbers are integers; none of the operations used here has another number attribute. */
type AttributeValue = boolean | number | readonly number[] | string;

interface Attribute {
  name: string;
  type: number;
  value: AttributeValue;
}

/** What is used here of tfjs-node's `TFJSBinding`. */
interface NativeBinding {
  TF_Version: string;
  TF_ATTR_BOOL: number;
  TF_ATTR_INT: number;
  TF_ATTR_STRING: number;
  TF_ATTR_TYPE: number;
  TF_FLOAT: number;
  executeOp(
    name: string,
    attributes: Attribute[],
    inputs: number[],
    outputs: number,
  ): NativeTensor[];
  deleteTensor(id: number): void;
}

/** What is used of tfjs-node's `NodeJSKernelBackend`. */
export interface TensorflowBackend {
  binding: NativeBinding;
  isGPUPackage: boolean;
  isUsingGpuDevice: boolean;
  getInputTensorIds(inputs: readonly TensorInfo[]): number[];
  createOutputTensor(output: NativeTensor): Tensor;
}

/** `TF_DOUBLE` of TensorFlow's C API (tf_datatype.h); tfjs-node's binding does not export it. */
const TF_DOUBLE = 2;

/**
 * Runs the TensorFlow operation `name` on the active `tensorflow` backend.
 *
 * @param attributes by name; the dtype attribute `T` is added
 * @param inputs in the operation's order; all float32 where `precision` is `float64`
 * @param outputs how many tensors the operation returns
 * @param precision `float64` casts the inputs up and the results down, so that only the operation
 *   itself runs in double precision
 * @returns float32 tensors that the caller owns
 * @throws Error with TensorFlow's own words. `MatrixInverse` throws on an exactly singular matrix
 *   and `SelfAdjointEigV2` on one that is not finite; `Cholesky` of a matrix that is not positive
 *   definite returns NaN instead.
 */
export function tensorflowOp(
  name: string,
  attributes: Readonly<Record<string, AttributeValue>>,
  inputs: readonly TensorInfo[],
  outputs: number,
  precision: "float32" | "float64" = "float32",
): Tensor[] {
  const engine = backend() as unknown as TensorflowBackend;
  const { binding } = engine;
  const ids = engine.getInputTensorIds(inputs);
  const dtype = precision === "float64" ? TF_DOUBLE : binding.TF_FLOAT;
  const named = [
    { name: "T", type: binding.TF_ATTR_TYPE, value: dtype },
    ...Object.entries(attributes).map(([key, value]) => ({
      name: key,
      type: attributeType(binding, value),
      value,
    })),
  ];
  const results =
    precision === "float64"
      ? inDoublePrecision(binding, ids, (doubles) =>
          binding.executeOp(name, named, doubles, outputs),
        )
      : binding.executeOp(name, named, ids, outputs);
  return results.map((result) => engine.createOutputTensor(result));
}

function attributeType(binding: NativeBinding, value: AttributeValue): number {
  if (typeof value === "boolean") return binding.TF_ATTR_BOOL;
  return typeof value === "string" ? binding.TF_ATTR_STRING : binding.TF_ATTR_INT;
}

/** Casts, runs, casts back, and frees every double tensor whether or not the operation throws. */
function inDoublePrecision(
  binding: NativeBinding,
  ids: readonly number[],
  run: (doubles: number[]) => NativeTensor[],
): NativeTensor[] {
  const doubles: number[] = [];
  try {
    for (const id of ids) doubles.push(cast(binding, id, binding.TF_FLOAT, TF_DOUBLE).id);
    const results = run([...doubles]);
    doubles.push(...results.map((result) => result.id));
    return results.map((result) => cast(binding, result.id, TF_DOUBLE, binding.TF_FLOAT));
  } finally {
    for (const id of doubles) binding.deleteTensor(id);
  }
}

function cast(binding: NativeBinding, id: number, from: number, to: number): NativeTensor {
  const attributes = [
    { name: "SrcT", type: binding.TF_ATTR_TYPE, value: from },
    { name: "DstT", type: binding.TF_ATTR_TYPE, value: to },
  ];
  const [result] = binding.executeOp("Cast", attributes, [id], 1);
  if (!result) throw new Error("TensorFlow's Cast returned nothing");
  return result;
}
