/** @file What a Kronecker layer showed during one evaluation, as rows. */
import * as tf from "@tensorflow/tfjs-core";
import type { KroneckerLayer } from "./parameter.ts";

/**
 * What one layer showed. Gradients are of the *mean* loss; the specification's e is `terms` times.
 * Each tensor is made when it is first read, and belongs to the tidy that reads it: a convolution's
 * patches exist only where a method looks at them, one layer after another.
 */
export interface Observation {
  readonly rows: number;
  /** Rows per example: 1, tokens, or output positions of a convolution. */
  readonly positions: number;
  /** `[rows, dIn]`; embedding: int32 `[rows]`. */
  readonly inputs?: tf.Tensor;
  /** `[rows, dOut]` */
  readonly preactivations?: tf.Tensor2D;
  readonly outputGradients?: tf.Tensor2D;
  readonly sampledOutputGradients?: tf.Tensor2D;
}

/** What one layer showed of one (micro-)batch, in the shapes of the forward pass. */
export interface Shown {
  readonly layer: KroneckerLayer;
  /** Size of the pre-activation. */
  readonly size: number;
  readonly asRows: (input: tf.Tensor) => tf.Tensor;
  readonly input?: tf.Tensor;
  readonly preactivation?: tf.Tensor;
  readonly outputGradient?: tf.Tensor;
  readonly sampledOutputGradient?: tf.Tensor;
}

/** Observations from what each layer showed, `parts[micro-batch][layer]`. */
export function collect(
  parts: readonly (readonly Shown[])[],
  examples: number,
): Map<KroneckerLayer, Observation> {
  const observations = new Map<KroneckerLayer, Observation>();
  parts[0]?.forEach(({ layer }, index) => {
    const shown = parts.map((part) => part[index] as Shown);
    observations.set(layer, observationOf(layer, shown, examples));
  });
  return observations;
}

function observationOf(
  { dOut }: KroneckerLayer,
  parts: readonly Shown[],
  examples: number,
): Observation {
  const rows = parts.reduce((sum, { size }) => sum + size, 0) / dOut;
  const outputs = (pick: (part: Shown) => tf.Tensor | undefined) =>
    readLate(parts, pick, (whole) => tf.reshape<tf.Rank.R2>(whole, [rows, dOut]));
  const inputs = readLate(parts, (part) => part.input, (parts[0] as Shown).asRows);
  const preactivations = outputs((part) => part.preactivation);
  const outputGradients = outputs((part) => part.outputGradient);
  const sampledOutputGradients = outputs((part) => part.sampledOutputGradient);
  return {
    rows,
    positions: rows / examples,
    get inputs() {
      return inputs?.();
    },
    get preactivations() {
      return preactivations?.();
    },
    get outputGradients() {
      return outputGradients?.();
    },
    get sampledOutputGradients() {
      return sampledOutputGradients?.();
    },
  };
}

/** The parts' tensors one after another, shaped; made once, and again where a tidy disposed it. */
function readLate<T extends tf.Tensor>(
  parts: readonly Shown[],
  pick: (part: Shown) => tf.Tensor | undefined,
  shape: (whole: tf.Tensor) => T,
): (() => T) | undefined {
  const tensors = parts.flatMap((part) => pick(part) ?? []);
  if (tensors.length === 0) return undefined;
  let made: T | undefined;
  return () => {
    if (!made || made.isDisposed) {
      made = tf.tidy(() => {
        const whole = tensors.length > 1 ? tf.concat(tensors, 0) : (tensors[0] as tf.Tensor);
        // A clone where nothing was reshaped: disposing what was read leaves the source alone.
        return tf.clone(shape(whole));
      });
    }
    return made;
  };
}
