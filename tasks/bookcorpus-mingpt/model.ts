/** @file minGPT's small models (https://github.com/karpathy/minGPT): GPT-2 with a head of its own. */
import { buildGpt, type GptSize } from "../../suite/nn/gpt.ts";
import type { Model, ModelBuilder } from "../../suite/nn/model.ts";

/** The vocabulary is the text's characters; dropout is a hyperparameter of the task. */
export type MinGptSize = Omit<GptSize, "tiedHead">;

/** A size without what the data and the configuration decide. */
export type MinGptShape = Omit<MinGptSize, "vocabulary" | "dropout">;

/** minGPT's names, and its 128 characters at once; nano, for tiers `mini` and `smoke`, reads 64. */
export const MINGPT_SHAPES = {
  "gpt-mini": { layers: 6, heads: 6, width: 192, block: 128 },
  "gpt-micro": { layers: 4, heads: 4, width: 128, block: 128 },
  "gpt-nano": { layers: 3, heads: 3, width: 48, block: 64 },
} as const satisfies Record<string, MinGptShape>;

/** Character ids int32 `[n, tokens]` to logits `[n·tokens, vocabulary]`. */
export function buildMinGpt(builder: ModelBuilder, size: MinGptSize): Model {
  return buildGpt(builder, { ...size, tiedHead: false });
}
