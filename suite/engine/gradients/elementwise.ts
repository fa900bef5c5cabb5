/**
 * @file Gradients of elementwise kernels that tfjs differentiates once but not twice.
 *
 * Two kinds are wrong there. A gradient that uses the kernel's saved *output* loses a term at second
 * order, silently: the clone that was saved stands before its producer on the tape (tfjs issue
 * 3252). Here such a gradient computes the output again from the input wherever it is itself being
 * differentiated. And a mask is compared on the tape by kernels without gradients: here it is a
 * constant.
 */
import * as tf from "@tensorflow/tfjs-core";
import { detached, isRecording, mask, sumToShape } from "./detached.ts";

type Saved = tf.Tensor[];

/** `dx` from dy, the input x and the output y, for a kernel y = f(x). */
function ofOutput(
  kernelName: string,
  compute: (x: tf.Tensor) => tf.Tensor,
  derivative: (dy: tf.Tensor, y: tf.Tensor, x: tf.Tensor) => tf.Tensor,
): tf.GradConfig {
  return {
    kernelName,
    inputsToSave: ["x"],
    outputsToSave: [true],
    gradFunc: (dy, saved) => {
      const [x, y] = saved as [tf.Tensor, tf.Tensor];
      return {
        x: () => derivative(dy as tf.Tensor, isRecording() ? compute(x) : y, x),
      };
    },
  };
}

/** relu'(0) = 0. tfjs's own is right, but sends zeros back through its mask at second order. */
const reluGradient: tf.GradConfig = {
  kernelName: tf.Relu,
  inputsToSave: ["x"],
  gradFunc: (dy, saved) => {
    const [x] = saved as [tf.Tensor];
    return {
      x: () =>
        tf.mul(
          dy as tf.Tensor,
          detached(() => tf.step(float(x))),
        ),
    };
  },
};

/** The larger (smaller) of two: dy goes to a where `first(a, b)`, else to b. */
function choice(
  kernelName: string,
  first: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor,
): tf.GradConfig {
  return {
    kernelName,
    inputsToSave: ["a", "b"],
    gradFunc: (gradient, saved: Saved) => {
      const dy = gradient as tf.Tensor;
      const [a, b] = saved as [tf.Tensor, tf.Tensor];
      const toA = () => mask(() => first(a, b));
      return {
        a: () => sumToShape(tf.mul(dy, toA()), a.shape),
        b: () =>
          sumToShape(
            tf.mul(
              dy,
              detached(() => tf.sub(1, toA())),
            ),
            b.shape,
          ),
      };
    },
  };
}

const float = (x: tf.Tensor) => tf.cast(x, "float32");

/** 1 where x is positive, else eˣ; eᵐⁱⁿ so that the side not taken stays finite. */
function eluSlope(x: tf.Tensor): tf.Tensor {
  const positive = mask(() => tf.greater(x, 0));
  return tf.add(positive, tf.mul(tf.sub(1, positive), tf.exp(tf.minimum(x, 0))));
}

const powGradient: tf.GradConfig = {
  kernelName: tf.Pow,
  inputsToSave: ["a", "b"],
  outputsToSave: [true],
  gradFunc: (gradient, saved) => {
    const dy = gradient as tf.Tensor;
    const [base, exponent, y] = saved as [tf.Tensor, tf.Tensor, tf.Tensor];
    const toBase = () => {
      const power = float(exponent);
      return tf.mul(dy, tf.mul(power, tf.pow(base, tf.sub(power, 1))));
    };
    const toExponent = () => {
      const positive = detached(() => tf.greater(base, 0));
      const log = tf.log(tf.where(positive, base, tf.onesLike(base)));
      return tf.mul(dy, tf.mul(isRecording() ? tf.pow(base, exponent) : y, log));
    };
    return {
      a: () => sumToShape(toBase(), base.shape),
      b: () => sumToShape(toExponent(), exponent.shape),
    };
  },
};

/** tfjs's own does not sum over broadcast axes. */
const squaredDifferenceGradient: tf.GradConfig = {
  kernelName: tf.SquaredDifference,
  inputsToSave: ["a", "b"],
  gradFunc: (gradient, saved) => {
    const [a, b] = saved as [tf.Tensor, tf.Tensor];
    const toA = () => tf.mul(gradient as tf.Tensor, tf.mul(2, tf.sub(a, b)));
    return {
      a: () => sumToShape(toA(), a.shape),
      b: () => sumToShape(tf.neg(toA()), b.shape),
    };
  },
};

export const elementwiseGradients: readonly tf.GradConfig[] = [
  ofOutput(tf.Exp, tf.exp, (dy, y) => tf.mul(dy, y)),
  ofOutput(tf.Tanh, tf.tanh, (dy, y) => tf.mul(dy, tf.sub(1, tf.square(y)))),
  ofOutput(tf.Sigmoid, tf.sigmoid, (dy, y) => tf.mul(dy, tf.mul(y, tf.sub(1, y)))),
  ofOutput(tf.Elu, tf.elu, (dy, _, x) => tf.mul(dy, eluSlope(x))),
  reluGradient,
  choice(tf.Maximum, tf.greaterEqual),
  choice(tf.Minimum, tf.lessEqual),
  powGradient,
  squaredDifferenceGradient,
];
