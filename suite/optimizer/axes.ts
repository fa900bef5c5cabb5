/** @file Tensors axis by axis: unfoldings, products along an axis, and blocks. */
import * as tf from "@tensorflow/tfjs-core";

/** `G_(i) G_(i)ᵀ`, `[d_i, d_i]`: the Gram matrix of the unfolding along an axis. */
export function axisGram(g: tf.Tensor, axis: number): tf.Tensor2D {
  if (axis === g.rank - 1) {
    const rows = tf.reshape<tf.Rank.R2>(g, [-1, g.shape[axis] as number]);
    return tf.matMul(rows, rows, true, false);
  }
  const unfolded = unfold(g, axis);
  return tf.matMul(unfolded, unfolded, false, true);
}

/** `G ×_i X` for a symmetric X `[d_i, d_i]`. */
export function timesAlongAxis(g: tf.Tensor, x: tf.Tensor2D, axis: number): tf.Tensor {
  const d = g.shape[axis] as number;
  if (axis === g.rank - 1) {
    return tf.reshape(tf.matMul(tf.reshape<tf.Rank.R2>(g, [-1, d]), x), g.shape);
  }
  const product = tf.matMul<tf.Tensor2D>(x, unfold(g, axis));
  if (axis === 0) return tf.reshape(product, g.shape);
  const order = toFront(g.rank, axis);
  const folded = tf.reshape(
    product,
    order.map((from) => g.shape[from] as number),
  );
  return tf.transpose(
    folded,
    order.map((_, to) => order.indexOf(to)),
  );
}

/** `[d_i, all others]` */
function unfold(g: tf.Tensor, axis: number): tf.Tensor2D {
  const front = axis === 0 ? g : tf.transpose(g, toFront(g.rank, axis));
  return tf.reshape(front, [g.shape[axis] as number, -1]);
}

const toFront = (rank: number, axis: number): number[] => [
  axis,
  ...Array.from({ length: rank }, (_, i) => i).filter((i) => i !== axis),
];

/** Sizes of an axis's pieces of at most `blockSize`; one piece for 0. */
function piecesOf(d: number, blockSize: number): number[] {
  if (blockSize === 0 || d <= blockSize) return [d];
  const whole = Math.floor(d / blockSize);
  const rest = d - whole * blockSize;
  return [...new Array<number>(whole).fill(blockSize), ...(rest > 0 ? [rest] : [])];
}

/** Shapes of a tensor's blocks, the last axis's pieces following each other fastest. */
export function blockShapes(shape: readonly number[], blockSize: number): number[][] {
  return shape.reduce<number[][]>(
    (shapes, d) => shapes.flatMap((some) => piecesOf(d, blockSize).map((size) => [...some, size])),
    [[]],
  );
}

/** A tensor's blocks, in the order of `blockShapes`. */
export function toBlocks(g: tf.Tensor, blockSize: number): tf.Tensor[] {
  return g.shape.reduce<tf.Tensor[]>(
    (blocks, d, axis) => {
      const pieces = piecesOf(d, blockSize);
      return pieces.length === 1 ? blocks : blocks.flatMap((one) => tf.split(one, pieces, axis));
    },
    [g],
  );
}

/** Puts blocks together again. */
export function fromBlocks(
  blocks: readonly tf.Tensor[],
  shape: readonly number[],
  blockSize: number,
): tf.Tensor {
  return shape.reduceRight<tf.Tensor[]>(
    (parts, d, axis) => {
      const count = piecesOf(d, blockSize).length;
      if (count === 1) return parts;
      return Array.from({ length: parts.length / count }, (_, i) =>
        tf.concat(parts.slice(i * count, (i + 1) * count), axis),
      );
    },
    [...blocks],
  )[0] as tf.Tensor;
}
