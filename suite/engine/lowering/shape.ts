/** @file Moving elements: transpose, concatenate, split, slice, pad, tile, reverse, stack. */
import { backend_util, slice_util, util } from "@tensorflow/tfjs-core";
import type { GraphBuilder, Lowering, TensorSpec } from "../graph.ts";
import { sizeOf } from "../graph.ts";
import { registerLowering } from "./register.ts";
import { REAL_DTYPES } from "./select.ts";

const isReal = (spec: TensorSpec | undefined): spec is TensorSpec =>
  spec !== undefined && REAL_DTYPES.includes(spec.dtype);

const transpose: Lowering = {
  inputs: ["x"],
  lower: ([x], attributes) => {
    if (!isReal(x)) return null;
    const perm = attributes.perm as number[];
    const shape = perm.map((axis) => x.shape[axis] as number);
    return {
      outputs: [{ shape, dtype: x.dtype }],
      emit: (b, [name]) => [b.node("Transpose", [name as string], { perm: [...perm] })],
    };
  },
};

function concatenation(b: GraphBuilder, names: readonly string[], axis: number): string {
  return names.length === 1 ? (names[0] as string) : b.node("Concat", names, { axis });
}

const concat: Lowering = {
  lower: (inputs, attributes) => {
    const specs = inputs.filter(isReal);
    const [first] = specs;
    if (!first || specs.length !== inputs.length) return null;
    if (specs.some(({ dtype }) => dtype !== first.dtype)) return null;
    const axis = util.parseAxisParam(attributes.axis as number, [...first.shape])[0] as number;
    const shapes = specs.map(({ shape }) => [...shape]);
    backend_util.assertParamsConsistent(shapes, axis);
    const shape = backend_util.computeOutShape(shapes, axis);
    return {
      outputs: [{ shape, dtype: first.dtype }],
      emit: (b, names) => {
        const filled = names.filter((_, i) => sizeOf(specs[i]?.shape ?? []) > 0);
        return [concatenation(b, filled, axis)];
      },
    };
  },
};

const pack: Lowering = {
  lower: (inputs, attributes) => {
    const [first] = inputs;
    if (!isReal(first) || inputs.some((spec) => spec?.dtype !== first.dtype)) return null;
    const at = attributes.axis as number;
    const axis = at < 0 ? at + first.shape.length + 1 : at;
    const expanded = first.shape.toSpliced(axis, 0, 1);
    for (const spec of inputs) {
      util.assertShapesMatch([...first.shape], [...(spec?.shape ?? [])], "stack: ");
    }
    return {
      outputs: [{ shape: first.shape.toSpliced(axis, 0, inputs.length), dtype: first.dtype }],
      emit: (b, names) => [
        concatenation(
          b,
          names.map((name) => b.reshape(name, expanded)),
          axis,
        ),
      ],
    };
  },
};

const unpack: Lowering = {
  inputs: ["value"],
  lower: ([value], attributes) => {
    if (!isReal(value)) return null;
    const at = attributes.axis as number;
    const axis = at < 0 ? at + value.shape.length : at;
    const count = value.shape[axis] as number;
    const shape = value.shape.toSpliced(axis, 1);
    if (count === 0) return null;
    return {
      outputs: Array.from({ length: count }, () => ({ shape, dtype: value.dtype })),
      list: true,
      emit: (b, [name]) =>
        splits(b, name as string, axis, Array(count).fill(1)).map((part) => b.reshape(part, shape)),
    };
  },
};

function splits(b: GraphBuilder, name: string, axis: number, sizes: readonly number[]): string[] {
  if (sizes.length === 1) return [name];
  return b.nodes("Split", [name, b.ints(sizes)], { axis }, sizes.length);
}

const splitV: Lowering = {
  inputs: ["x"],
  lower: ([x], { axis: given, numOrSizeSplits }) => {
    if (!isReal(x)) return null;
    const axis = util.parseAxisParam(given as number, [...x.shape])[0] as number;
    const sizes = backend_util.prepareSplitSize(
      { shape: [...x.shape] } as Parameters<typeof backend_util.prepareSplitSize>[0],
      numOrSizeSplits as number | number[],
      axis,
    );
    return {
      outputs: sizes.map((size) => ({ shape: x.shape.with(axis, size), dtype: x.dtype })),
      list: true,
      emit: (b, [name]) => splits(b, name as string, axis, sizes),
    };
  },
};

const slice: Lowering = {
  inputs: ["x"],
  lower: ([x], attributes) => {
    if (!isReal(x)) return null;
    const [begin, size] = slice_util.parseSliceParams(
      { shape: [...x.shape] } as Parameters<typeof slice_util.parseSliceParams>[0],
      attributes.begin as number[],
      attributes.size as number[],
    ) as [number[], number[]];
    util.assert(
      begin.every((start, i) => start + (size[i] as number) <= (x.shape[i] as number)),
      () => `slice: begin [${begin}] with size [${size}] exceeds the shape [${x.shape}].`,
    );
    const cut = x.shape.map((_, i) => i).filter((i) => size[i] !== x.shape[i]);
    return {
      outputs: [{ shape: size, dtype: x.dtype }],
      emit: (b, [name]) => {
        if (cut.length === 0) return [name as string];
        const at = (values: number[]) => b.ints(cut.map((i) => values[i] as number));
        const ends = begin.map((start, i) => start + (size[i] as number));
        return [b.node("Slice", [name as string, at(begin), at(ends), b.ints(cut)])];
      },
    };
  },
};

interface StridedSliceAttributes {
  begin: number[];
  end: number[];
  strides: number[];
  beginMask: number;
  endMask: number;
  ellipsisMask: number;
  newAxisMask: number;
  shrinkAxisMask: number;
}

const stridedSlice: Lowering = {
  inputs: ["x"],
  lower: ([x], attributes) => {
    if (!isReal(x)) return null;
    const { begin, end, strides, beginMask, endMask, ellipsisMask, newAxisMask, shrinkAxisMask } =
      attributes as unknown as StridedSliceAttributes;
    const info = slice_util.sliceInfo(
      [...x.shape],
      begin,
      end,
      strides,
      beginMask,
      endMask,
      ellipsisMask,
      newAxisMask,
      shrinkAxisMask,
    );
    const shape = info.finalShape;
    return {
      outputs: [{ shape, dtype: x.dtype }],
      emit: (b, [input]) => {
        // WebGPU's Slice starts at the wrong element where a backward stride does not take all.
        const flipped = b.device === "webgpu" ? info.strides.flatMap(backwardAxis) : [];
        const name = flipped.length ? reversed(b, input as string, flipped) : (input as string);
        const { begin, end, strides } = flipped.length ? forwards(info, x.shape) : info;
        const ends = b.ints(endsOf({ end, strides }));
        const axes = b.ints(begin.map((_, i) => i));
        const cut = b.node("Slice", [name, b.ints(begin), ends, axes, b.ints(strides)]);
        return [b.reshape(cut, shape)];
      },
    };
  },
};

interface Ranges {
  begin: number[];
  end: number[];
  strides: number[];
}

function backwardAxis(stride: number, axis: number): number[] {
  return stride < 0 ? [axis] : [];
}

/** The same elements of a tensor whose axes with a backward stride have been reversed. */
function forwards({ begin, end, strides }: Ranges, shape: readonly number[]): Ranges {
  const mirror = (values: number[]) =>
    values.map((value, i) =>
      (strides[i] as number) < 0 ? (shape[i] as number) - 1 - value : value,
    );
  return { begin: mirror(begin), end: mirror(end), strides: strides.map(Math.abs) };
}

/** An end of -1 means "before the first element" in tfjs, and "the last element" in ONNX. */
function endsOf({ end, strides }: Omit<Ranges, "begin">): number[] {
  return end.map((stop, i) => ((strides[i] as number) < 0 && stop < 0 ? -(2 ** 31) : stop));
}

const reverse: Lowering = {
  inputs: ["x"],
  lower: ([x], { dims }) => {
    if (!isReal(x)) return null;
    const axes = util.parseAxisParam(dims as number[], [...x.shape]);
    return {
      outputs: [x],
      emit: (b, [name]) => [
        axes.length === 0 ? (name as string) : reversed(b, name as string, axes),
      ],
    };
  },
};

function reversed(b: GraphBuilder, name: string, axes: readonly number[]): string {
  const all = (value: number) => b.ints(axes.map(() => value));
  return b.node("Slice", [name, all(-1), all(-(2 ** 31)), b.ints(axes), all(-1)]);
}

const tile: Lowering = {
  inputs: ["x"],
  lower: ([x], attributes) => {
    if (!isReal(x)) return null;
    const reps = attributes.reps as number[];
    const shape = x.shape.map((dim, i) => dim * (reps[i] as number));
    return {
      outputs: [{ shape, dtype: x.dtype }],
      emit: (b, [name]) => [b.node("Tile", [name as string, b.ints(reps)])],
    };
  },
};

const padV2: Lowering = {
  inputs: ["x"],
  lower: ([x], { paddings, constantValue }) => {
    if (!isReal(x)) return null;
    const pads = paddings as [number, number][];
    const shape = x.shape.map((dim, i) => dim + (pads[i]?.[0] ?? 0) + (pads[i]?.[1] ?? 0));
    return {
      outputs: [{ shape, dtype: x.dtype }],
      emit: (b, [name]) => {
        if (pads.length === 0) return [name as string];
        const value = b.constant(constantValue as number, x.dtype as "float32");
        return [b.node("Pad", [name as string, beginsThenEnds(b, pads), value])];
      },
    };
  },
};

function beginsThenEnds(b: GraphBuilder, pads: readonly (readonly [number, number])[]): string {
  return b.ints([...pads.map(([before]) => before), ...pads.map(([, after]) => after)]);
}

/** ONNX's `reflect` leaves the border out; tfjs's `symmetric`, which repeats it, falls back. */
const mirrorPad: Lowering = {
  inputs: ["x"],
  lower: ([x], { paddings, mode }) => {
    if (x?.dtype !== "float32" || mode !== "reflect") return null;
    const pads = paddings as [number, number][];
    const shape = x.shape.map((dim, i) => dim + (pads[i]?.[0] ?? 0) + (pads[i]?.[1] ?? 0));
    return {
      outputs: [{ shape, dtype: x.dtype }],
      emit: (b, [name]) => [
        b.node("Pad", [name as string, beginsThenEnds(b, pads)], { mode: "reflect" }),
      ],
    };
  },
};

/** Registers kernels that move elements without computing. */
export function registerShape(): void {
  registerLowering("Transpose", transpose);
  registerLowering("Concat", concat);
  registerLowering("Pack", pack);
  registerLowering("Unpack", unpack);
  registerLowering("SplitV", splitV);
  registerLowering("Slice", slice);
  registerLowering("StridedSlice", stridedSlice);
  registerLowering("Reverse", reverse);
  registerLowering("Tile", tile);
  registerLowering("PadV2", padV2);
  registerLowering("MirrorPad", mirrorPad);
}
