/**
 * @file What of `suite/data` runs in a browser too: streams, subsets, batches, image preparation and
 * text windows. Nothing here imports Node. `index.ts` adds the loaders, which do.
 */
export { type Batch, type BatchesState, type TrainingBatches, trainingBatches } from "./batches.ts";
export { fillDropoutMask } from "./dropout.ts";
export { DataError, type DataErrorCode } from "./error.ts";
export { type EvaluationArrays, evaluationArrays, evaluationBatches } from "./evaluation.ts";
export {
  type Augmentation,
  type DatasetSource,
  type Examples,
  examplesOf,
  type Preparation,
} from "./examples.ts";
export { type ImageTask, type ImageTaskOptions, imageTask } from "./image-task.ts";
export { type RandomAffine, randomAffine } from "./images/affine.ts";
export { type CropFlipCutout, cropFlipCutout } from "./images/crop-flip-cutout.ts";
export {
  CIFAR10_STATISTICS,
  MNIST_STATISTICS,
  type Statistics,
  standardised,
} from "./images/normalise.ts";
export { meanPooled } from "./images/pool.ts";
export { resized } from "./images/resize.ts";
export { type Stream, type StreamState, stream } from "./prng.ts";
export { DATA_SEED, holdOut, type Split, subset } from "./subsets.ts";
export { type CharacterVocabulary, characterVocabulary } from "./text/characters.ts";
export { splitText, type TextSplits } from "./text/sections.ts";
export { prefix, type TokenSource, tokensOf } from "./text/token-source.ts";
export {
  evaluationWindows,
  type TextBatch,
  type TextBatches,
  type TextEvaluation,
  trainingWindows,
} from "./text/windows.ts";
