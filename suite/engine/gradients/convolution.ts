/**
 * @file Gradients of the kernels that are themselves gradients of convolution and pooling. Each is
 * linear in its arguments, so its gradient is another kernel of the same family.
 */
import * as tf from "@tensorflow/tfjs-core";

type Rank4 = tf.Tensor4D;
type Window = [number, number];

/** Conv2DBackpropFilter: `dw = corr(x, dy)`. */
const filterGradient: tf.GradConfig = {
  kernelName: tf.Conv2DBackpropFilter,
  inputsToSave: ["x", "dy"],
  gradFunc: (gradient, saved, attributes) => {
    const ddw = gradient as Rank4;
    const [x, dy] = saved as [Rank4, Rank4];
    const { strides, pad, dataFormat, dimRoundingMode } =
      attributes as unknown as tf.Conv2DBackpropFilterAttrs;
    const backpropAttributes = { strides, pad, dataFormat, dimRoundingMode, inputShape: x.shape };
    return {
      x: () => run(tf.Conv2DBackpropInput, { dy, filter: ddw }, backpropAttributes),
      dy: () => tf.conv2d(x, ddw, strides, pad, dataFormat, 1, dimRoundingMode),
    };
  },
};

const depthwiseInputGradient: tf.GradConfig = {
  kernelName: tf.DepthwiseConv2dNativeBackpropInput,
  inputsToSave: ["dy", "filter"],
  gradFunc: (gradient, saved, attributes) => {
    const ddx = gradient as Rank4;
    const [dy, filter] = saved as [Rank4, Rank4];
    const common = depthwiseAttributes(attributes);
    const filterAttributes = { ...common, filterShape: filter.shape };
    return {
      dy: () => run(tf.DepthwiseConv2dNative, { x: ddx, filter }, common),
      filter: () => run(tf.DepthwiseConv2dNativeBackpropFilter, { x: ddx, dy }, filterAttributes),
    };
  },
};

const depthwiseFilterGradient: tf.GradConfig = {
  kernelName: tf.DepthwiseConv2dNativeBackpropFilter,
  inputsToSave: ["x", "dy"],
  gradFunc: (gradient, saved, attributes) => {
    const ddw = gradient as Rank4;
    const [x, dy] = saved as [Rank4, Rank4];
    const common = depthwiseAttributes(attributes);
    const inputAttributes = { ...common, inputShape: x.shape };
    return {
      x: () => run(tf.DepthwiseConv2dNativeBackpropInput, { dy, filter: ddw }, inputAttributes),
      dy: () => run(tf.DepthwiseConv2dNative, { x, filter: ddw }, common),
    };
  },
};

const averagePoolGradient: tf.GradConfig = {
  kernelName: tf.AvgPoolGrad,
  inputsToSave: ["input"],
  gradFunc: (ddx, saved, attributes) => {
    const { filterSize, strides, pad } = attributes as unknown as tf.AvgPoolGradAttrs;
    return {
      dy: () => tf.avgPool(ddx as Rank4, filterSize as Window, strides as Window, pad),
      input: () => tf.zerosLike(saved[0] as tf.Tensor),
    };
  },
};

/** `dy` is what the maxima of x pick out of ddx; x and y only say where the maxima are. */
const maxPoolGradient: tf.GradConfig = {
  kernelName: tf.MaxPoolGrad,
  inputsToSave: ["input", "output"],
  gradFunc: (ddx, saved, attributes) => {
    const [x, y] = saved as [Rank4, Rank4];
    const { filterSize, strides, pad } = attributes as unknown as tf.MaxPoolGradAttrs;
    const picked = () => {
      const window = { filterSize, strides, pad, includeBatchInIndex: true };
      const [, indexes] = runMany(tf.MaxPoolWithArgmax, { x }, window) as [tf.Tensor, tf.Tensor];
      const flat = tf.reshape(ddx as tf.Tensor, [-1]);
      return tf.reshape(tf.gather(flat, tf.reshape(tf.cast(indexes, "int32"), [-1])), y.shape);
    };
    return { dy: picked, input: () => tf.zerosLike(x), output: () => tf.zerosLike(y) };
  },
};

function depthwiseAttributes(attributes: tf.NamedAttrMap) {
  const { strides, pad, dilations, dimRoundingMode } =
    attributes as unknown as tf.DepthwiseConv2dNativeAttrs;
  return { strides, pad, dilations, dimRoundingMode };
}

function run(kernelName: string, inputs: tf.NamedTensorMap, attributes: object): tf.Tensor {
  return runMany(kernelName, inputs, attributes) as unknown as tf.Tensor;
}

function runMany(kernelName: string, inputs: tf.NamedTensorMap, attributes: object): tf.Tensor[] {
  return tf.engine().runKernel(kernelName, inputs, attributes as tf.NamedAttrMap) as tf.Tensor[];
}

export const convolutionGradients: readonly tf.GradConfig[] = [
  filterGradient,
  depthwiseInputGradient,
  depthwiseFilterGradient,
  averagePoolGradient,
  maxPoolGradient,
];
