/** @file Large layers' gradients by the rows they are made of, where these are few: fewer FLOPs. */
import * as tf from "@tensorflow/tfjs-core";
import type { Observation, PassRequest } from "../nn/evaluate.ts";
import { inputRows, type TreatedLayer } from "./kronecker.ts";

/** h `[rows, a]` and δ `[rows, dOut]` with `G = hᵀδ`. */
export interface GradientRows {
  readonly inputs: tf.Tensor2D;
  readonly outputGradients: tf.Tensor2D;
}

/** From this order on products are dear. */
const LARGE = 256;

/** Whether `L G R` takes fewer FLOPs by rows, `(L hᵀ)(δ R)`, and so many that it matters. */
function rowsAreFew({ layer, order: a, diagonal }: TreatedLayer, rows: number): boolean {
  const b = layer.dOut;
  return !diagonal && a >= LARGE && rows * (a * a + b * b) < a * b * (a + b);
}

/** Asks for what `fewRows` reads, of no other layers: in micro-batches all that is shown is kept. */
export function fewRowsRequest(layers: readonly TreatedLayer[]): PassRequest {
  const large = new Map(layers.filter(({ order }) => order >= LARGE).map((of) => [of.layer, of]));
  if (large.size === 0) return {};
  const only: PassRequest["only"] = (layer, rows) => {
    const treated = large.get(layer);
    return treated !== undefined && rowsAreFew(treated, rows);
  };
  return { inputs: true, outputGradients: true, only };
}

/** The rows of a large layer's gradient, where they are few and were shown. */
export function fewRows(
  treated: TreatedLayer,
  observation?: Observation,
): GradientRows | undefined {
  if (!observation || !rowsAreFew(treated, observation.rows)) return undefined;
  const { inputs, outputGradients } = observation;
  if (!inputs || !outputGradients) return undefined;
  return {
    inputs: inputRows(treated, observation),
    outputGradients: outputGradients as tf.Tensor2D,
  };
}

/** Whether both Gram matrices take fewer FLOPs by rows. */
export function rowsGramsAreCheaper({ inputs, outputGradients }: GradientRows): boolean {
  const [n, a] = inputs.shape;
  const b = outputGradients.shape[1];
  return 2 * n * n * (a + b) + n * (a * a + b * b) < a * b * (a + b);
}

/** `G Gᵀ` (axis 0) or `Gᵀ G` of `G = hᵀδ`: `hᵀ(δδᵀ)h` or `δᵀ(hhᵀ)δ`. */
export function rowsGram({ inputs, outputGradients }: GradientRows, axis: number): tf.Tensor2D {
  const [x, y] = axis === 0 ? [inputs, outputGradients] : [outputGradients, inputs];
  return tf.matMul(x, tf.matMul(tf.matMul<tf.Tensor2D>(y, y, false, true), x), true, false);
}
