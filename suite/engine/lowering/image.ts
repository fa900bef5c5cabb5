/** @file Resizing images and moving depth to space. */
import type { Attributes, GraphBuilder, Lowering } from "../graph.ts";
import { toChannelsFirst, toChannelsLast } from "./conv-shape.ts";
import { registerLowering } from "./register.ts";

function resize(mode: "linear" | "nearest"): Lowering {
  return {
    inputs: ["images"],
    lower: ([images], attributes) => {
      if (images?.dtype !== "float32" || images.shape.length !== 4) return null;
      const [height, width] = attributes.size as [number, number];
      const [batch, , , channels] = images.shape as [number, number, number, number];
      return {
        outputs: [{ shape: [batch, height, width, channels], dtype: "float32" }],
        emit: (b, [name]) => {
          const sizes = b.ints([batch, channels, height, width]);
          const input = toChannelsFirst(b, name as string);
          const y = b.node("Resize", [input, "", "", sizes], { mode, ...coordinates(attributes) });
          return [toChannelsLast(b, y)];
        },
      };
    },
  };
}

function coordinates({ alignCorners, halfPixelCenters }: Attributes) {
  if (alignCorners) {
    return {
      coordinate_transformation_mode: "align_corners",
      nearest_mode: "round_prefer_ceil",
    };
  }
  return halfPixelCenters
    ? { coordinate_transformation_mode: "half_pixel", nearest_mode: "round_prefer_ceil" }
    : { coordinate_transformation_mode: "asymmetric", nearest_mode: "floor" };
}

const depthToSpace: Lowering = {
  inputs: ["x"],
  lower: ([x], attributes) => {
    const size = attributes.blockSize as number;
    if (x?.dtype !== "float32" || attributes.dataFormat !== "NHWC") return null;
    const [batch, height, width, depth] = x.shape as [number, number, number, number];
    const shape = [batch, height * size, width * size, depth / (size * size)];
    return {
      outputs: [{ shape, dtype: "float32" }],
      emit: (b: GraphBuilder, [name]) => {
        const input = toChannelsFirst(b, name as string);
        return [
          toChannelsLast(b, b.node("DepthToSpace", [input], { blocksize: size, mode: "DCR" })),
        ];
      },
    };
  },
};

/** Registers image kernels. */
export function registerImages(): void {
  registerLowering("ResizeBilinear", resize("linear"));
  registerLowering("ResizeNearestNeighbor", resize("nearest"));
  registerLowering("DepthToSpace", depthToSpace);
}
