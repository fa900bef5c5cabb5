/** @file GPT-2 (Radford et al. 2019) with the head tied to the token embedding. */
import { loadWeights } from "../../suite/nn/checkpoint.ts";
import { buildGpt, type GptSize } from "../../suite/nn/gpt.ts";
import type { Model, ModelBuilder } from "../../suite/nn/model.ts";
import type { SafeTensors } from "../../suite/nn/safetensors.ts";
import type { Tier } from "../../suite/results/schema.ts";

export type Gpt2Size = Omit<GptSize, "tiedHead">;

/** A size without what the data and the configuration decide. */
export type Gpt2Shape = Omit<Gpt2Size, "vocabulary" | "dropout">;

/** Byte pairs of GPT-2's tokeniser. */
export const GPT2_VOCABULARY = 50_257;

/**
 * `paper`: GPT-2 small, with its own vocabulary 124,439,808 parameters. `mini` and `smoke`: narrow
 * models that read 64 tokens at once.
 */
export const GPT2_SHAPES: Readonly<Record<Tier, Gpt2Shape>> = {
  paper: { layers: 12, heads: 12, width: 768, block: 1024 },
  mini: { layers: 3, heads: 3, width: 48, block: 64 },
  smoke: { layers: 2, heads: 2, width: 32, block: 64 },
};

/** Token ids int32 `[n, tokens]` to logits `[n·tokens, vocabulary]`. */
export function buildGpt2(builder: ModelBuilder, size: Gpt2Size): Model {
  return buildGpt(builder, { ...size, tiedHead: true });
}

/** Loads a public GPT-2 checkpoint: its weights are `[dIn, dOut]`, with or without `transformer.`. */
export function loadGpt2(model: Model, file: SafeTensors): void {
  const prefix = file.names.includes("transformer.wte.weight") ? "transformer." : "";
  loadWeights(model, file, { prefix, linearLayout: "conv1d" });
}
