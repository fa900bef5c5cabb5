/**
 * @file What tfjs-node 4.22 lacks or gets wrong, found by running tfjs-core's own tests against it.
 *
 * - No kernel at all (MaxPoolWithArgmax and others), pooling with padding in numbers, `scatterND`
 *   with a flat list of indices, and `round` of int32, which gives zeros: run by tfjs's JavaScript
 *   `cpu` backend on values copied out and back in. Right, slow, on no path of this suite's models.
 * - Convolution with padding in numbers: TensorFlow's own operations have it, tfjs-node refuses it
 *   in both gradients (and a single number in the forward pass too).
 */
import * as tf from "@tensorflow/tfjs-core";
import { tensorflowOp } from "./tensorflow-op.ts";

const NAME = "tensorflow";

type KernelCall = Parameters<tf.KernelFunc>[0];

/** Completes the kernels of the backend `tensorflow`. Call once, after it is registered. */
export function fillTensorflowGaps(): void {
  for (const { kernelName, kernelFunc } of tf.getKernelsForBackend("cpu")) {
    const onCpu: tf.KernelFunc = (call) => onHost(kernelFunc, call);
    if (!tf.getKernel(kernelName, NAME)) {
      tf.registerKernel({ kernelName, backendName: NAME, kernelFunc: onCpu });
    } else if (kernelName === tf.Round) {
      replace(kernelName, onCpu, ({ inputs }) => inputs.x?.dtype === "int32");
    } else if (kernelName === tf.ScatterNd) {
      replace(kernelName, onCpu, ({ inputs }) => inputs.indices?.shape.length === 1);
    } else if (/^(?:Avg|Max)Pool(?:Grad)?$/.test(kernelName)) {
      replace(kernelName, onCpu, ({ attrs = {} }) => typeof attrs.pad !== "string");
    }
  }
  for (const kernelName of [tf.Conv2D, tf.Conv2DBackpropInput, tf.Conv2DBackpropFilter]) {
    replace(kernelName, explicitConvolution(kernelName), hasExplicitPadding);
  }
}

/** Sends the calls that `takes` selects to `kernelFunc`, and leaves the others where they are. */
function replace(
  kernelName: string,
  kernelFunc: tf.KernelFunc,
  takes: (call: KernelCall) => boolean,
): void {
  const native = tf.getKernel(kernelName, NAME).kernelFunc;
  tf.unregisterKernel(kernelName, NAME);
  tf.registerKernel({
    kernelName,
    backendName: NAME,
    kernelFunc: (call) => (takes(call) ? kernelFunc(call) : native(call)),
  });
}

function hasExplicitPadding({ attrs = {} }: KernelCall): boolean {
  return typeof attrs.pad !== "string" && attrs.dataFormat === "NHWC";
}

/** Conv2D and its two gradients on NHWC images, padded as the numbers in `pad` say. */
function explicitConvolution(kernelName: string): tf.KernelFunc {
  return ({ inputs, attrs = {} }) => {
    const { x, filter, dy } = inputs;
    const imageShape = (x?.shape ?? attrs.inputShape) as [number, number, number, number];
    const filterShape = (filter?.shape ?? attrs.filterShape) as [number, number, number, number];
    const { padInfo, strideHeight, strideWidth, dilationHeight, dilationWidth } =
      tf.backend_util.computeConv2DInfo(
        imageShape,
        filterShape,
        attrs.strides as [number, number],
        // The gradients' kernels carry no dilations: tfjs has gradients for undilated ones only.
        (attrs.dilations as [number, number] | undefined) ?? 1,
        attrs.pad as number,
        attrs.dimRoundingMode as "floor",
      );
    const { top, bottom, left, right } = padInfo;
    const attributes = {
      strides: [1, strideHeight, strideWidth, 1],
      dilations: [1, dilationHeight, dilationWidth, 1],
      padding: "EXPLICIT",
      explicit_paddings: [0, 0, top, bottom, left, right, 0, 0],
      data_format: "NHWC",
    };
    const run = (tensors: readonly (tf.TensorInfo | undefined)[]) =>
      tensorflowOp(kernelName, attributes, tensors as tf.TensorInfo[], 1)[0] as tf.Tensor;
    if (kernelName === tf.Conv2D) return run([x, filter]);
    const ofInput = kernelName === tf.Conv2DBackpropInput;
    const size = tf.tensor1d(ofInput ? imageShape : filterShape, "int32");
    const result = ofInput ? run([size, filter, dy]) : run([x, size, dy]);
    size.dispose();
    return result;
  };
}

function onHost(kernelFunc: tf.KernelFunc, call: KernelCall): tf.TensorInfo | tf.TensorInfo[] {
  const host = tf.engine().findBackend("cpu");
  const native = call.backend as tf.KernelBackend;
  const move = (from: tf.KernelBackend, to: tf.KernelBackend, info: tf.TensorInfo) => {
    const values = from.readSync(info.dataId);
    return { ...info, dataId: to.write(values, info.shape, info.dtype) };
  };
  const inputs: tf.NamedTensorInfoMap = {};
  // Lists of tensors (Concat) are named 0, 1, 2; an optional input may be undefined.
  for (const [name, info] of Object.entries(call.inputs)) {
    inputs[name] = info && move(native, host, info);
  }
  const results = kernelFunc({ inputs, attrs: call.attrs, backend: host });
  const copies = Array.isArray(results)
    ? results.map((result) => move(host, native, result))
    : move(host, native, results);
  for (const info of [...Object.values(inputs), ...[results].flat()]) {
    if (info) host.disposeData(info.dataId);
  }
  return copies;
}
