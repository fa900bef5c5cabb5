/** @file Max and average pooling and their gradients. */
import { backend_util } from "@tensorflow/tfjs-core";
import type { Attributes, GraphBuilder, Lowering } from "../graph.ts";
import type { ConvInfo } from "./conv-shape.ts";
import { fits, toChannelsFirst, toChannelsLast, windowAttributes } from "./conv-shape.ts";
import { registerLowering } from "./register.ts";

function poolInfo(shape: readonly number[], attributes: Attributes): ConvInfo | null {
  if (shape.length !== 4) return null;
  const info = backend_util.computePool2DInfo(
    [...shape] as [number, number, number, number],
    attributes.filterSize as number,
    attributes.strides as number,
    1,
    attributes.pad as "same",
    attributes.dimRoundingMode as "floor" | undefined,
  );
  return fits(info) && padsAreInside(info) ? info : null;
}

/** ONNX Runtime accepts no padding as wide as the window. */
function padsAreInside({ padInfo, filterHeight, filterWidth }: ConvInfo): boolean {
  const { top, bottom, left, right } = padInfo;
  return Math.max(top, bottom) < filterHeight && Math.max(left, right) < filterWidth;
}

function poolAttributes(info: ConvInfo) {
  const { strides, pads } = windowAttributes(info);
  return { strides, pads, kernel_shape: [info.filterHeight, info.filterWidth] };
}

function pool(op: "MaxPool" | "AveragePool"): Lowering {
  return {
    inputs: ["x"],
    lower: ([x], attributes) => {
      const info = x?.dtype === "float32" ? poolInfo(x.shape, attributes) : null;
      if (info === null) return null;
      return {
        outputs: [{ shape: info.outShape, dtype: "float32" }],
        emit: (b, [name]) => {
          const y = b.node(op, [toChannelsFirst(b, name as string)], poolAttributes(info));
          return [toChannelsLast(b, y)];
        },
      };
    },
  };
}

/**
 * The largest value of each window and where it is, counted through [batch, c, h, w]. NaN never
 * wins, as in tfjs; MaxPool with indices would let it.
 */
function maxWithIndices(b: GraphBuilder, info: ConvInfo, input: string): [string, string] {
  const lowest = b.constant(Number.NEGATIVE_INFINITY, "float32");
  const x = b.node("Where", [b.node("IsNaN", [input]), lowest, input]);
  const first = toChannelsFirst(b, x);
  const attributes = poolAttributes(info);
  if (b.device !== "webgpu") return b.nodes("MaxPool", [first], attributes, 2) as [string, string];
  // Its MaxPool gives no indices. A GPU has no float64, so this one is computed on the CPU.
  const onHost = b.cast(first, "float64");
  const [largest, indices] = b.nodes("MaxPool", [onHost], attributes, 2) as [string, string];
  return [b.cast(largest, "float32"), indices];
}

/** dy goes to the first maximum of its window; overlapping windows add up. */
const maxPoolGrad: Lowering = {
  inputs: ["dy", "input"],
  lower: ([dy, x], attributes) => {
    const info = x?.dtype === "float32" ? poolInfo(x.shape, attributes) : null;
    if (info === null || dy?.dtype !== "float32") return null;
    const { batchSize, inChannels, inHeight, inWidth, inShape } = info;
    return {
      outputs: [{ shape: inShape, dtype: "float32" }],
      emit: (b, [d, name]) => {
        const [, indices] = maxWithIndices(b, info, name as string);
        const size = batchSize * inChannels * inHeight * inWidth;
        const none = b.node("Expand", [b.constant(0, "float32"), b.ints([size])]);
        const added = b.node(
          "ScatterND",
          [none, b.reshape(indices, [-1, 1]), b.reshape(toChannelsFirst(b, d as string), [-1])],
          { reduction: "add" },
        );
        return [toChannelsLast(b, b.reshape(added, [batchSize, inChannels, inHeight, inWidth]))];
      },
    };
  },
};

/** Every position of a window gets dy / (kh·kw), also where padding made the window smaller. */
const avgPoolGrad: Lowering = {
  inputs: ["dy", "input"],
  lower: ([dy, x], attributes) => {
    const info = x && dy?.dtype === "float32" ? poolInfo(x.shape, attributes) : null;
    if (info === null) return null;
    const { inChannels, filterHeight: kh, filterWidth: kw, padInfo, inShape } = info;
    const outputPadding = [
      info.inHeight -
        ((info.outHeight - 1) * info.strideHeight + kh - padInfo.top - padInfo.bottom),
      info.inWidth - ((info.outWidth - 1) * info.strideWidth + kw - padInfo.left - padInfo.right),
    ];
    return {
      outputs: [{ shape: inShape, dtype: "float32" }],
      emit: (b, [d]) => {
        const share = b.constant(1 / (kh * kw), "float32");
        const filter = b.node("Expand", [share, b.ints([inChannels, 1, kh, kw])]);
        const dx = b.node("ConvTranspose", [toChannelsFirst(b, d as string), filter], {
          ...poolAttributes(info),
          group: inChannels,
          output_padding: outputPadding,
        });
        return [toChannelsLast(b, dx)];
      },
    };
  },
};

/** Index through [batch, h, w, c], without the batch unless asked, from one through [batch, c, h, w]. */
const maxPoolWithArgmax: Lowering = {
  inputs: ["x"],
  lower: ([x], attributes) => {
    const info = x?.dtype === "float32" ? poolInfo(x.shape, attributes) : null;
    if (info === null) return null;
    const { inChannels, inHeight, inWidth, outShape } = info;
    return {
      outputs: [
        { shape: outShape, dtype: "float32" },
        { shape: outShape, dtype: "int32" },
      ],
      emit: (b, [name]) => {
        const [y, indices] = maxWithIndices(b, info, name as string);
        const size = (n: number) => b.constant(n, "int64");
        const plane = inHeight * inWidth;
        const position = b.node("Mod", [indices, size(plane)]);
        const row = b.node("Div", [indices, size(plane)]);
        const channel = b.node("Mod", [row, size(inChannels)]);
        const within = b.node("Add", [b.node("Mul", [position, size(inChannels)]), channel]);
        const image = b.node("Div", [row, size(inChannels)]);
        const index = attributes.includeBatchInIndex
          ? b.node("Add", [within, b.node("Mul", [image, size(plane * inChannels)])])
          : within;
        return [toChannelsLast(b, y), b.cast(toChannelsLast(b, index), "int32")];
      },
    };
  },
};

/** Registers pooling. */
export function registerPooling(): void {
  registerLowering("MaxPool", pool("MaxPool"));
  registerLowering("AvgPool", pool("AveragePool"));
  registerLowering("MaxPoolGrad", maxPoolGrad);
  registerLowering("AvgPoolGrad", avgPoolGrad);
  registerLowering("MaxPoolWithArgmax", maxPoolWithArgmax);
}
