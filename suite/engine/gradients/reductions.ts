/** @file Gradients of reductions, of what undoes them (tile), and of softmax. */
import * as tf from "@tensorflow/tfjs-core";
import { isRecording, mask, sumToShape } from "./detached.ts";

/** `shape` with `axes` set to 1. */
function keptShape(shape: number[], axes: number[]): number[] {
  return shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
}

/** dy spread over the axes that were reduced; tfjs multiplies by ones made in JavaScript. */
function spread(dy: tf.Tensor, shape: number[], axes: number[]): tf.Tensor {
  const reps = shape.map((size, axis) => (axes.includes(axis) ? size : 1));
  const kept = tf.reshape(dy, keptShape(shape, axes));
  return reps.every((rep) => rep === 1) ? kept : tf.tile(kept, reps);
}

function axesOf(attributes: tf.NamedAttrMap, name: string, shape: number[]): number[] {
  return tf.util.parseAxisParam(attributes[name] as number | number[], shape);
}

const sumGradient: tf.GradConfig = {
  kernelName: tf.Sum,
  inputsToSave: ["x"],
  gradFunc: (dy, saved, attributes) => {
    const { shape } = saved[0] as tf.Tensor;
    return { x: () => spread(dy as tf.Tensor, shape, axesOf(attributes, "axis", shape)) };
  },
};

const meanGradient: tf.GradConfig = {
  kernelName: tf.Mean,
  inputsToSave: ["x"],
  gradFunc: (dy, saved, attributes) => {
    const { shape } = saved[0] as tf.Tensor;
    const axes = axesOf(attributes, "axis", shape);
    const count = axes.reduce((product, axis) => product * (shape[axis] as number), 1);
    return { x: () => spread(tf.div(dy as tf.Tensor, count), shape, axes) };
  },
};

/** Every element that ties with the extreme gets the full dy, as in tfjs. */
function extreme(kernelName: string, axisName: string): tf.GradConfig {
  return {
    kernelName,
    inputsToSave: ["x"],
    outputsToSave: [true],
    gradFunc: (dy, saved, attributes) => {
      const [x, y] = saved as [tf.Tensor, tf.Tensor];
      const axes = axesOf(attributes, axisName, x.shape);
      const kept = keptShape(x.shape, axes);
      const chosen = () => mask(() => tf.equal(x, tf.reshape(y, kept)));
      return { x: () => tf.mul(tf.reshape(dy as tf.Tensor, kept), chosen()) };
    },
  };
}

/** Sums the copies; tfjs adds them slice by slice, which takes as many kernels as there are copies. */
const tileGradient: tf.GradConfig = {
  kernelName: tf.Tile,
  inputsToSave: ["x"],
  gradFunc: (dy, saved, attributes) => {
    const { shape } = saved[0] as tf.Tensor;
    const reps = attributes.reps as number[];
    const split: number[] = [];
    const copies: number[] = [];
    shape.forEach((size, axis) => {
      const rep = reps[axis] as number;
      if (rep !== 1) copies.push(split.push(rep) - 1);
      if (rep === 1 || size !== 1) split.push(size);
    });
    return {
      x: () => {
        const separate = tf.reshape(dy as tf.Tensor, split);
        return tf.reshape(copies.length > 0 ? tf.sum(separate, copies) : separate, shape);
      },
    };
  },
};

const softmaxGradient: tf.GradConfig = {
  kernelName: tf.Softmax,
  inputsToSave: ["logits"],
  outputsToSave: [true],
  gradFunc: (dy, saved) => {
    const [logits, y] = saved as [tf.Tensor, tf.Tensor];
    return {
      logits: () => {
        const probabilities = isRecording() ? tf.softmax(logits) : y;
        const weighted = tf.mul(dy as tf.Tensor, probabilities);
        return tf.sub(weighted, tf.mul(tf.sum(weighted, -1, true), probabilities));
      },
    };
  },
};

/** tfjs's own transposes its result once too often when the axis is not the last. */
const cumsumGradient: tf.GradConfig = {
  kernelName: tf.Cumsum,
  gradFunc: (dy, _, attributes) => {
    const { axis, exclusive, reverse } = attributes as unknown as tf.CumsumAttrs;
    return { x: () => tf.cumsum(dy as tf.Tensor, axis, exclusive, !reverse) };
  },
};

/** tfjs's own, summed over batch axes along which a factor was broadcast. */
const matMulGradient: tf.GradConfig = {
  kernelName: tf.BatchMatMul,
  inputsToSave: ["a", "b"],
  gradFunc: (gradient, saved, attributes) => {
    const dy = gradient as tf.Tensor;
    const [a, b] = saved as [tf.Tensor, tf.Tensor];
    const { transposeA, transposeB } = attributes as unknown as tf.BatchMatMulAttrs;
    const toA = () =>
      transposeA ? tf.matMul(b, dy, transposeB, true) : tf.matMul(dy, b, false, !transposeB);
    const toB = () =>
      transposeB ? tf.matMul(dy, a, true, transposeA) : tf.matMul(a, dy, !transposeA, false);
    return { a: () => sumToShape(toA(), a.shape), b: () => sumToShape(toB(), b.shape) };
  },
};

export const reductionGradients: readonly tf.GradConfig[] = [
  sumGradient,
  meanGradient,
  extreme(tf.Max, "reductionIndices"),
  extreme(tf.Min, "axis"),
  tileGradient,
  softmaxGradient,
  cumsumGradient,
  matMulGradient,
];
