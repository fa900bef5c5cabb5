/**
 * @file GELU, exact and by its tanh approximation (Hendrycks & Gimpel 2016), with gradients written
 * out: fewer passes over the activations than composing them, and differentiable twice.
 */
import * as tf from "@tensorflow/tfjs-core";
import { isRecording } from "../engine/gradients/detached.ts";

/** An elementwise function through an intermediate t(x), for which x·s is the value. */
interface Gate {
  /** The gate s in [0, 1], and what its derivative is computed from. */
  parts(x: tf.Tensor): { gate: tf.Tensor; inner: tf.Tensor };
  /** d(x·s)/dx */
  slope(x: tf.Tensor, gate: tf.Tensor, inner: tf.Tensor): tf.Tensor;
}

/** `x·s(x)`. What the forward pass computed serves the gradient, unless that is differentiated too. */
function gated({ parts, slope }: Gate, x: tf.Tensor): tf.Tensor {
  const activate = tf.customGrad((input, save) => {
    const z = input as tf.Tensor;
    const { gate, inner } = parts(z);
    (save as tf.GradSaveFunc)([z, gate, inner]);
    return {
      value: tf.mul(z, gate),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [input, gate, inner] = saved as [tf.Tensor, tf.Tensor, tf.Tensor];
        const now = isRecording() ? parts(input) : { gate, inner };
        return tf.mul(dy, slope(input, now.gate, now.inner));
      },
    };
  });
  return activate(x);
}

/** s = Φ(x) = ½(1 + erf(x/√2)), so that d(xs)/dx = Φ(x) + x·φ(x). */
const erfGate: Gate = {
  parts: (x) => {
    const inner = tf.mul(x, Math.SQRT1_2);
    return { gate: tf.add(tf.mul(tf.erf(inner), 0.5), 0.5), inner };
  },
  slope: (_, gate, inner) => {
    // x·φ(x) = inner·exp(−inner²)/√π
    const bell = tf.exp(tf.sub(-0.5 * Math.log(Math.PI), tf.square(inner)));
    return tf.add(gate, tf.mul(inner, bell));
  },
};

const TANH_SCALE = 2 * Math.sqrt(2 / Math.PI);
const TANH_CUBE = 0.044715 * TANH_SCALE;

/**
 * s = ½(1 + tanh(√(2/π)(x + 0.044715x³))) = σ(x·t), t = a + b·x² with a = 2√(2/π), b = 0.044715a.
 * d(xs)/dx = s + xs·(1 − s)·(3t − 2a); the product xs is the value that the forward pass computed.
 */
const tanhGate: Gate = {
  parts: (x) => {
    const inner = tf.add(tf.mul(tf.square(x), TANH_CUBE), TANH_SCALE);
    return { gate: tf.sigmoid(tf.mul(x, inner)), inner };
  },
  slope: (x, gate, inner) => {
    const steepness = tf.sub(tf.mul(inner, 3), 2 * TANH_SCALE);
    return tf.add(gate, tf.mul(tf.mul(tf.mul(x, gate), tf.sub(1, gate)), steepness));
  },
};

/** `x·Φ(x)`, as PyTorch's `nn.GELU()` and timm. */
export function gelu(x: tf.Tensor): tf.Tensor {
  return gated(erfGate, x);
}

/** `½x(1 + tanh(√(2/π)(x + 0.044715x³)))`, as GPT-2 and minGPT's `NewGELU`. */
export function geluTanh(x: tf.Tensor): tf.Tensor {
  return gated(tanhGate, x);
}
