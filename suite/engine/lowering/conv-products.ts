/**
 * @file Convolution in tfjs's own layout, as one matrix product for each element of the filter.
 *
 * With X_ij the [positions, cIn] matrix of inputs under the filter's element (i, j), and positions
 * those of all outputs:   y = Σ X_ij W_ij   and   dW_ij = X_ijᵀ dy.
 * Forward and filter gradient share the X_ij.
 */
import type { GraphBuilder } from "../graph.ts";
import type { ConvInfo } from "./conv-shape.ts";

/** x [batch, h, w, cIn] with the filter [kh, kw, cIn, cOut] to [batch, oh, ow, cOut]. */
export function forwardProducts(
  b: GraphBuilder,
  info: ConvInfo,
  x: string,
  filter: string,
): string {
  const { inChannels, outChannels } = info;
  const elements = b.reshape(filter, [-1, inChannels, outChannels]);
  let sum: string | undefined;
  for (const [k, input] of inputsUnder(b, info, x).entries()) {
    const weights = b.reshape(element(b, info, elements, k), [inChannels, outChannels]);
    sum = b.node("Gemm", sum === undefined ? [input, weights] : [input, weights, sum]);
  }
  return b.reshape(sum as string, info.outShape);
}

function element(b: GraphBuilder, info: ConvInfo, elements: string, k: number): string {
  if (info.filterHeight * info.filterWidth === 1) return elements;
  return b.node("Slice", [elements, b.ints([k]), b.ints([k + 1]), b.ints([0])]);
}

/** dW [kh, kw, cIn, cOut] from x and dy [batch, oh, ow, cOut]. */
export function filterProducts(b: GraphBuilder, info: ConvInfo, x: string, dy: string): string {
  const { inChannels, outChannels } = info;
  const gradient = b.reshape(dy, [-1, outChannels]);
  const blocks = inputsUnder(b, info, x).map((input) => {
    return b.node("Gemm", [input, gradient], { transA: 1 });
  });
  const stacked =
    blocks.length === 1 ? (blocks[0] as string) : b.node("Concat", blocks, { axis: 0 });
  return b.reshape(stacked, [info.filterHeight, info.filterWidth, inChannels, outChannels]);
}

/** The matrices X_ij, row by row of the filter. */
function inputsUnder(b: GraphBuilder, info: ConvInfo, x: string): string[] {
  const { top, bottom, left, right } = info.padInfo;
  const padded =
    top + bottom + left + right === 0
      ? x
      : b.node("Pad", [
          x,
          b.ints([0, top, left, 0, 0, bottom, right, 0]),
          b.constant(0, "float32"),
        ]);
  const steps = b.ints([info.strideHeight, info.strideWidth]);
  const rows = (info.outHeight - 1) * info.strideHeight + 1;
  const columns = (info.outWidth - 1) * info.strideWidth + 1;
  const inputs: string[] = [];
  for (let i = 0; i < info.filterHeight; i++) {
    for (let j = 0; j < info.filterWidth; j++) {
      const [row, column] = [i * info.dilationHeight, j * info.dilationWidth];
      const whole =
        rows === info.inHeight + top + bottom && columns === info.inWidth + left + right;
      const cut = whole
        ? padded
        : b.node("Slice", [
            padded,
            b.ints([row, column]),
            b.ints([row + rows, column + columns]),
            b.ints([1, 2]),
            steps,
          ]);
      inputs.push(b.reshape(cut, [-1, info.inChannels]));
    }
  }
  return inputs;
}
