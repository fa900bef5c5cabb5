/**
 * @file The gradient of a convolution's filter, as matrix products over all output positions.
 *
 * dW[i, j] = Σ over positions of x at (row·stride + i, column·stride + j) times dy, so with
 * P_ij the [positions, cIn] matrix of the input shifted by (i, j):  dW[i, j] = P_ijᵀ dy.
 */
import type { GraphBuilder } from "../graph.ts";
import type { ConvInfo } from "./conv.ts";

/** Below this many input channels one product over all shifts side by side is faster. */
const NARROW_CHANNELS = 32;

/** x [batch, h, w, cIn] and dy [batch, oh, ow, cOut] to [kh, kw, cIn, cOut]. */
export function filterGradient(b: GraphBuilder, info: ConvInfo, x: string, dy: string): string {
  const { filterHeight: kh, filterWidth: kw, inChannels, outChannels } = info;
  const positions = info.batchSize * info.outHeight * info.outWidth;
  const shifts = shiftedInputs(b, info, x);
  const gradient = b.reshape(dy, [positions, outChannels]);
  const product = (patches: string) => b.node("Gemm", [patches, gradient], { transA: 1 });
  const shape = [kh, kw, inChannels, outChannels];
  if (shifts.length === 1 || inChannels >= NARROW_CHANNELS) {
    const blocks = shifts.map((shift) => product(b.reshape(shift, [positions, inChannels])));
    const stacked =
      blocks.length === 1 ? (blocks[0] as string) : b.node("Concat", blocks, { axis: 0 });
    return b.reshape(stacked, shape);
  }
  const patches = b.node("Concat", shifts, { axis: 3 });
  return b.reshape(product(b.reshape(patches, [positions, kh * kw * inChannels])), shape);
}

/** The input under each element of the filter: kh·kw tensors [batch, oh, ow, cIn]. */
function shiftedInputs(b: GraphBuilder, info: ConvInfo, x: string): string[] {
  const { top, bottom, left, right } = info.padInfo;
  const padded =
    top + bottom + left + right === 0
      ? x
      : b.node("Pad", [
          x,
          b.ints([0, top, left, 0, 0, bottom, right, 0]),
          b.constant(0, "float32"),
        ]);
  const axes = b.ints([1, 2]);
  const steps = b.ints([info.strideHeight, info.strideWidth]);
  const rows = (info.outHeight - 1) * info.strideHeight + 1;
  const columns = (info.outWidth - 1) * info.strideWidth + 1;
  const shifts: string[] = [];
  for (let i = 0; i < info.filterHeight; i++) {
    for (let j = 0; j < info.filterWidth; j++) {
      const [row, column] = [i * info.dilationHeight, j * info.dilationWidth];
      const starts = b.ints([row, column]);
      const ends = b.ints([row + rows, column + columns]);
      shifts.push(b.node("Slice", [padded, starts, ends, axes, steps]));
    }
  }
  return shifts;
}
