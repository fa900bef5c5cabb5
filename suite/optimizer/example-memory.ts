/** @file What a curvature step in the space of examples leaves for the steps until the next. */
import type * as tf from "@tensorflow/tfjs-core";
import type { ExampleRows } from "./example-gram.ts";
import type { Columns } from "./sketch.ts";
import type { LateTensor, OptimizerState } from "./state.ts";

/** The examples of a curvature batch, and what K and v see of each. */
export interface SeenExamples {
  readonly rows: ExampleRows;
  /** Of h̃ and of e. */
  readonly inputColumns: Columns;
  readonly outputColumns: Columns;
}

export interface ExampleCurvature extends SeenExamples {
  /** `(K + λI)⁻¹`, `[n, n]` */
  readonly inverse: tf.Tensor2D;
}

export interface CurvatureMemory {
  write(curvature: ExampleCurvature): void;
  read(): ExampleCurvature;
}

export function curvatureMemory(
  state: OptimizerState,
  name: string,
  visible: { readonly inputs: number; readonly outputs: number },
): CurvatureMemory {
  const [inputs, outputs, inverse] = ["h", "e", "Kinv"].map((one) =>
    state.late(`${name}.${one}`),
  ) as [LateTensor, LateTensor, LateTensor];
  const inputIndices = state.late(`${name}.inputColumns`);
  const outputIndices = state.late(`${name}.outputColumns`);
  return {
    write: ({ rows, inputColumns, outputColumns, ...rest }) => {
      inputs.assign(rows.inputs);
      outputs.assign(rows.outputs);
      inverse.assign(rest.inverse);
      if (inputColumns.indices) inputIndices.assign(inputColumns.indices);
      if (outputColumns.indices) outputIndices.assign(outputColumns.indices);
    },
    read: () => ({
      rows: {
        inputs: inputs.value as tf.Tensor2D,
        outputs: outputs.value as tf.Tensor2D,
        examples: inverse.value?.shape[0] as number,
      },
      inverse: inverse.value as tf.Tensor2D,
      inputColumns: { visible: visible.inputs, indices: inputIndices.value as tf.Tensor1D },
      outputColumns: { visible: visible.outputs, indices: outputIndices.value as tf.Tensor1D },
    }),
  };
}
