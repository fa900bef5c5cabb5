/** @file A model's weights from and to files laid out as PyTorch's modules. */
import * as tf from "@tensorflow/tfjs-core";
import type { Model } from "./model.ts";
import { encodeSafetensors, type SafeTensor, type SafeTensors } from "./safetensors.ts";

export interface LoadOptions {
  /** Before each of the model's names in the file, e.g. `transformer.`. */
  readonly prefix?: string;
  /** Parameters that keep their initial values, e.g. a head for other classes. */
  readonly except?: readonly string[];
  /**
   * How the file stores linear weights: `[dOut, dIn]` as `nn.Linear`, or `[dIn, dOut]` as the
   * `Conv1D` of the public GPT-2 checkpoints. Default: `linear`.
   */
  readonly linearLayout?: "linear" | "conv1d";
}

/** A tensor as the file has it, and how its axes are ordered in the model. */
interface Layout {
  readonly shape: readonly number[];
  /** Axes of the file's tensor in the model's order; undefined: the same. */
  readonly toModel?: number[];
}

/**
 * Sets every parameter and buffer of the model to the tensor of the same name. Tensors that the
 * model does not name are left unread.
 *
 * @throws if one is missing or has another shape; the model is then unchanged
 */
export function loadWeights(model: Model, file: SafeTensors, options: LoadOptions = {}): void {
  const { prefix = "", except = [], linearLayout = "linear" } = options;
  const wanted = [...model.parameters, ...model.buffers].filter(({ name }) => {
    return !except.includes(name);
  });
  const missing = wanted.filter(({ name }) => !file.names.includes(prefix + name));
  if (missing.length > 0) throw new Error(missingMessage(missing, file, prefix));
  const checked = wanted.map(({ name, variable }) => {
    const layout = layoutOf(model, name, variable.shape, linearLayout);
    const tensor = file.get(prefix + name) as SafeTensor;
    if (tensor.shape.join() !== layout.shape.join()) {
      throw new Error(
        `"${prefix + name}" in ${file.source} has shape [${tensor.shape}], but the model needs ` +
          `[${layout.shape}]. Build the model at the file's size, or take a file of this model.`,
      );
    }
    return { variable, tensor, layout };
  });
  for (const { variable, tensor, layout } of checked) {
    tf.tidy(() => {
      const given = tf.tensor(tensor.values, [...tensor.shape]);
      variable.assign(layout.toModel ? tf.transpose(given, layout.toModel) : given);
    });
  }
}

/** The weights and buffers as a safetensors file, named and laid out as PyTorch's modules. */
export function saveWeights(model: Model): Uint8Array {
  const tensors = new Map<string, SafeTensor>();
  for (const { name, variable } of [...model.parameters, ...model.buffers]) {
    const { shape, toModel } = layoutOf(model, name, variable.shape, "linear");
    const toFile = toModel && tf.backend_util.getUndoAxesPermutation(toModel);
    const values = tf.tidy(() => (toFile ? tf.transpose(variable, toFile) : variable).dataSync());
    tensors.set(name, { shape, values: values as Float32Array });
  }
  return encodeSafetensors(tensors);
}

function layoutOf(
  model: Model,
  name: string,
  shape: readonly number[],
  linearLayout: "linear" | "conv1d",
): Layout {
  const layer = model.layers.find((candidate) => candidate.weight.name === name);
  if (layer?.kind === "convolution") {
    const [height, width, channelsIn, channelsOut] = shape as [number, number, number, number];
    return { shape: [channelsOut, channelsIn, height, width], toModel: [2, 3, 1, 0] };
  }
  // The weight of a tied head belongs to the embedding, which comes first and is stored as it is.
  if (layer?.kind === "linear" && linearLayout === "linear") {
    return { shape: [...shape].reverse(), toModel: [1, 0] };
  }
  return { shape };
}

function missingMessage(
  missing: readonly { readonly name: string }[],
  file: SafeTensors,
  prefix: string,
): string {
  const names = missing.map(({ name }) => `"${prefix}${name}"`);
  const shown = names.slice(0, 3).join(", ");
  const rest = names.length > 3 ? ` and ${names.length - 3} more` : "";
  const found = file.names.slice(0, 3).map((name) => `"${name}"`);
  return (
    `${file.source} lacks ${shown}${rest}, which the model needs. It has ${file.names.length} ` +
    `tensors (${found.join(", ")}, …). Take a file of this model, or one saved with the same names.`
  );
}
