/** @file Two updates of a task at the paper's exact shape, on made data: is it what the paper ran? */
import { buildVit, VIT_SIZES } from "../../../tasks/cifar-vit-tiny/model.ts";
import { stream } from "../../data/prng.ts";
import { readCost, startCost, stopCost } from "../../engine/cost.ts";
import { flush } from "../../engine/index.ts";
import { countParameters, disposeModel, type Model, ModelBuilder } from "../../nn/model.ts";
import type { OptimizerDeclaration } from "../../optimizer/declaration.ts";
import type { Configuration } from "../../optimizer/search.ts";
import { completeConfiguration } from "../../protocol/configuration.ts";
import type { TaskDeclaration, TierProtocol } from "../../protocol/task.ts";
import { tierOf } from "../../protocol/tasks.ts";
import { withBatch } from "../../train/batch-problem.ts";
import type { RawBatch, TaskData } from "../../train/data.ts";

export interface PaperShape {
  readonly task: string;
  /** Of one example; token models: the block. */
  readonly shape: readonly number[];
  readonly classes: number;
  /** Counted independently; absent where the classes are the corpus's own. */
  readonly parameters?: number;
}

export const PAPER_SHAPES: readonly PaperShape[] = [
  { task: "mnist-mlp", shape: [28, 28, 1], classes: 10, parameters: 5_820_416 },
  { task: "cifar-resnet18", shape: [32, 32, 3], classes: 10, parameters: 11_173_962 },
  { task: "cifar-vit-tiny", shape: [224, 224, 3], classes: 10, parameters: 5_526_346 },
  // BookCorpus has about a hundred characters.
  { task: "bookcorpus-mingpt", shape: [128], classes: 100 },
  { task: "openwebtext-gpt2", shape: [1024], classes: 50_257, parameters: 124_439_808 },
];

/** |first loss − ln(classes)|, in nats: initial logits are small, not zero. */
const TOLERANCE = 0.4;
/** A batch of more micro-batches than this only repeats them. */
const MICRO_BATCHES = 2;
const STEPS = 2;

export interface PaperShapeResult {
  readonly task: string;
  readonly optimizer: string;
  readonly parameters: number;
  readonly batchSize: number;
  readonly microBatch: number;
  readonly flopsPerStep: number;
  /** Of each update; the first also compiles. */
  readonly seconds: readonly number[];
  /** Largest resident memory of the process so far. */
  readonly peakBytes: number;
  readonly firstLoss: number;
  readonly guessingLoss: number;
  readonly asExpected: boolean;
  readonly note: string;
}

export interface PaperShapeOptions {
  readonly task: TaskDeclaration;
  readonly optimizer: OptimizerDeclaration;
  /** Instead of the protocol's. */
  readonly microBatch?: number;
}

/** The engine must be chosen before. */
export function runPaperShape(size: PaperShape, options: PaperShapeOptions): PaperShapeResult {
  const { task, optimizer: declaration } = options;
  const protocol = tierOf(task, "paper");
  const smallest = protocol.batchSizes[0] as number;
  const hyperparameters = completeConfiguration(declaration, protocol, {
    batchSize: smallest,
    datasetSize: protocol.datasetSizes.at(-1) as number,
  });
  const { model, note } = modelOf(size, protocol, hyperparameters);
  const optimizer = declaration.create({
    hyperparameters,
    parameters: model.parameters,
    layers: model.layers,
    random: (name) => stream(1, name),
  });
  const { microBatch = protocol.microBatch ?? smallest } = options;
  const batchSize = Math.min(smallest, MICRO_BATCHES * microBatch);
  const batch = madeBatch(size, batchSize);
  const settings = {
    labelSmoothing: protocol.labelSmoothing,
    dropout: stream(1, "dropout"),
    labels: stream(1, "labels"),
    ...(microBatch < batchSize && { microBatchSize: microBatch }),
  };
  const losses: number[] = [];
  const seconds: number[] = [];
  startCost();
  for (let step = 0; step < STEPS; step++) {
    const began = performance.now();
    withBatch(model, batch, size.shape, settings, (problem) => {
      const loss = optimizer.step(problem, { step, rateFactor: 1, progress: step / STEPS });
      losses.push(loss.dataSync()[0] as number);
      loss.dispose();
    });
    flush();
    seconds.push(Number(((performance.now() - began) / 1000).toPrecision(3)));
  }
  const { flops } = readCost();
  stopCost();
  const parameters = countParameters(model);
  optimizer.state.dispose();
  disposeModel(model);
  const firstLoss = losses[0] as number;
  const guessingLoss = Math.log(size.classes);
  return {
    task: task.id,
    optimizer: declaration.id,
    parameters,
    batchSize,
    microBatch,
    flopsPerStep: flops / STEPS,
    seconds,
    peakBytes: process.resourceUsage().maxRSS * 1024,
    firstLoss,
    guessingLoss,
    asExpected:
      Math.abs(firstLoss - guessingLoss) < TOLERANCE &&
      losses.every(Number.isFinite) &&
      (size.parameters ?? parameters) === parameters,
    note,
  };
}

/** As the task builds it; the vision transformer from random weights where timm's are not there. */
function modelOf(
  { task, classes }: PaperShape,
  protocol: TierProtocol,
  configuration: Configuration,
): { model: Model; note: string } {
  const builder = () => new ModelBuilder(stream(1, "init"));
  const data = { classes } as TaskData;
  try {
    return { model: protocol.build(builder(), configuration, data), note: "" };
  } catch (error) {
    if (task !== "cifar-vit-tiny") throw error;
    return {
      model: buildVit(builder(), VIT_SIZES.paper),
      note: "random weights: timm's file is not there",
    };
  }
}

/** Noise for images, ids for tokens; labels at random. */
function madeBatch({ shape, classes }: PaperShape, batchSize: number): RawBatch {
  const random = stream(1, "made");
  const size = batchSize * shape.reduce((product, side) => product * side, 1);
  const ids = (count: number) => Int32Array.from({ length: count }, () => random.integer(classes));
  const tokens = shape.length === 1;
  return tokens
    ? { inputs: ids(size), labels: ids(size) }
    : { inputs: random.normal(size), labels: ids(batchSize) };
}
