/** @file Reading and adding by index: embeddings, one-hot rows, scatter. */
import { backend_util, util } from "@tensorflow/tfjs-core";
import type { GraphBuilder, Lowering, OnnxDtype, TensorSpec } from "../graph.ts";
import { sizeOf } from "../graph.ts";
import { registerLowering } from "./register.ts";
import { REAL_DTYPES } from "./select.ts";

/** Known indices are checked like tfjs's; -1 would otherwise wrap. Computed ones the runtime checks. */
const gatherV2: Lowering = {
  inputs: ["x", "indices"],
  check: ([, indices], [x], { axis }) => {
    if (!indices || !x) return;
    const size = x.shape[util.parseAxisParam(axis as number, [...x.shape])[0] as number] as number;
    for (let i = 0; i < indices.length; i++) {
      const index = indices[i] as number;
      if (index < 0 || index >= size) {
        throw new Error(`GatherV2: the index value ${index} is not in [0, ${size - 1}]`);
      }
    }
  },
  lower: ([x, indices], attributes) => {
    if (!x || !REAL_DTYPES.includes(x.dtype) || indices?.dtype !== "int32") return null;
    const axis = util.parseAxisParam(attributes.axis as number, [...x.shape])[0] as number;
    const batchDims = (attributes.batchDims ?? 0) as number;
    const { outputShape } = backend_util.segment_util.collectGatherOpShapeInfo(
      { shape: [...x.shape] } as never,
      { shape: [...indices.shape] } as never,
      axis,
      batchDims,
    );
    if (batchDims !== 0 && batchDims !== axis) return null;
    return {
      outputs: [{ shape: outputShape, dtype: x.dtype }],
      emit: (b, [data, index]) => {
        if (batchDims === 0) return [b.node("Gather", [data as string, index as string], { axis })];
        const rows = b.reshape(b.cast(index as string, "int64"), [...indices.shape, 1]);
        return [b.node("GatherND", [data as string, rows], { batch_dims: batchDims })];
      },
    };
  },
};

const gatherNd: Lowering = {
  inputs: ["params", "indices"],
  lower: ([params, indices]) => {
    if (!params || indices?.dtype !== "int32" || !REAL_DTYPES.includes(params.dtype)) return null;
    const [shape] = backend_util.prepareAndValidate(
      { ...params, shape: [...params.shape] } as never,
      { ...indices, shape: [...indices.shape] } as never,
    );
    if (sizeOf(indices.shape) === 0) return null;
    return {
      outputs: [{ shape, dtype: params.dtype }],
      emit: (b, [data, index]) => [
        b.node("GatherND", [data as string, b.cast(index as string, "int64")]),
      ],
    };
  },
};

const scatterNd: Lowering = {
  inputs: ["indices", "updates"],
  lower: ([indices, updates], attributes) => {
    const shape = attributes.shape as number[];
    if (indices?.dtype !== "int32" || !isNumeric(updates)) return null;
    if (sizeOf(indices.shape) === 0 || sizeOf(shape) === 0) return null;
    const dtype = updates.dtype as OnnxDtype;
    return {
      outputs: [{ shape, dtype: updates.dtype }],
      emit: (b, [index, values]) => {
        const ids = b.cast(index as string, "int64");
        const rows = indices.shape.length > 1 ? ids : b.reshape(ids, [...indices.shape, 1]);
        return [scatterAdd(b, zeros(b, shape, dtype), rows, values as string)];
      },
    };
  },
};

function isNumeric(spec: TensorSpec | undefined): spec is TensorSpec {
  return spec?.dtype === "float32" || spec?.dtype === "int32";
}

function zeros(b: GraphBuilder, shape: readonly number[], dtype: OnnxDtype): string {
  return b.node("Expand", [b.constant(0, dtype), b.ints(shape)]);
}

function scatterAdd(b: GraphBuilder, onto: string, indices: string, updates: string): string {
  return b.node("ScatterND", [onto, indices, updates], { reduction: "add" });
}

/** The gradient of an embedding: rows of x [n, ...] added up by segment. Ids outside are dropped. */
const unsortedSegmentSum: Lowering = {
  inputs: ["x", "segmentIds"],
  lower: ([x, ids], attributes) => {
    const count = attributes.numSegments as number;
    if (!isNumeric(x) || ids?.dtype !== "int32" || ids.shape.length !== 1) return null;
    const shape = [count, ...x.shape.slice(1)];
    const rows = ids.shape[0] as number;
    if (x.shape[0] !== rows || sizeOf(x.shape) === 0 || sizeOf(shape) === 0) return null;
    const dtype = x.dtype as OnnxDtype;
    return {
      outputs: [{ shape, dtype: x.dtype }],
      emit: (b, [values, segments]) => {
        const id = segments as string;
        const zero = b.constant(0, "int32");
        const inside = b.node("And", [
          b.node("GreaterOrEqual", [id, zero]),
          b.node("Less", [id, b.constant(count, "int32")]),
        ]);
        const row = b.reshape(b.cast(b.node("Where", [inside, id, zero]), "int64"), [rows, 1]);
        const mask = b.reshape(inside, [rows, ...x.shape.slice(1).map(() => 1)]);
        const kept = b.node("Where", [mask, values as string, b.constant(0, dtype)]);
        return [scatterAdd(b, zeros(b, shape, dtype), row, kept)];
      },
    };
  },
};

/** By comparison with 0 .. depth - 1: an index outside is all off, as in tfjs. */
const oneHot: Lowering = {
  inputs: ["indices"],
  lower: ([indices], attributes) => {
    if (indices?.dtype !== "int32") return null;
    const { depth, onValue, offValue } = attributes as Record<string, number>;
    const dtype = (attributes.dtype ?? "int32") as TensorSpec["dtype"];
    if (!REAL_DTYPES.includes(dtype)) return null;
    const classes = Array.from({ length: depth as number }, (_, i) => i);
    return {
      outputs: [{ shape: [...indices.shape, depth as number], dtype }],
      emit: (b, [index]) => {
        const column = b.reshape(index as string, [...indices.shape, 1]);
        const hit = b.node("Equal", [column, b.constant(classes, "int32")]);
        if (onValue === 1 && offValue === 0) {
          return [dtype === "bool" ? hit : b.cast(hit, dtype as OnnxDtype)];
        }
        const value = (number: number | undefined) => b.constant(number ?? 0, "float32");
        const chosen = b.node("Where", [hit, value(onValue), value(offValue)]);
        return [dtype === "float32" ? chosen : b.cast(chosen, dtype as OnnxDtype)];
      },
    };
  },
};

/** Registers kernels that index. */
export function registerGather(): void {
  registerLowering("GatherV2", gatherV2);
  registerLowering("GatherNd", gatherNd);
  registerLowering("ScatterNd", scatterNd);
  registerLowering("UnsortedSegmentSum", unsortedSegmentSum);
  registerLowering("OneHot", oneHot);
}
