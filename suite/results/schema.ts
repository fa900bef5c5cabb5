/**
 * @file The result file, schema version 1: one cell (tier × task × optimizer × batch size × dataset
 * size), one arm, one device class. Everything that reads or writes results goes through it.
 * Browser-safe: the site and the analysis import it.
 */
import { z } from "zod";

export const SCHEMA_VERSION = 1;

/** No curve holds more points: files stay reviewable. */
export const MAX_CURVE_POINTS = 200;
/** Room for a grid with three tuning seeds (Figure 4: 138 trials of some 6 kB). */
export const MAX_FILE_BYTES = 1024 * 1024;

export const TIERS = ["paper", "mini", "smoke"] as const;
export const BACKENDS = ["onnxruntime", "tensorflow", "reference"] as const;
export const DEVICES = ["cpu", "webgpu", "cuda"] as const;
export const STATUSES = [
  "finished",
  "diverged",
  "stopped-early",
  "out-of-memory",
  "timed-out",
  "failed",
] as const;

/** Chooses configurations; never reported. */
export const TUNING_SEED = 0;

/** The arm that boards read. */
export const BOARD_ARM = "board";

/**
 * Of studies that compare the configurations themselves, for which one seed decides nothing. A trial
 * is known by its seed, so these are none of the report seeds, 1 to n.
 */
export const GRID_SEEDS: readonly number[] = [TUNING_SEED, 101, 102];

const slug = z
  .string()
  .regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/, "lower-case letters, digits and single hyphens");
const hex = (length: number) =>
  z.string().regex(new RegExp(`^[0-9a-f]{${length}}$`), `${length} hexadecimal digits`);
const count = z.number().int().nonnegative();
const positive = z.number().int().positive();
const finite = z.number().finite();
const accuracy = finite.min(0).max(1);
const amount = finite.nonnegative();
const words = (max: number) => z.string().min(1).max(max);

/** What is measured: everything except the configuration and the seed. */
export const cellSchema = z.strictObject({
  tier: z.enum(TIERS),
  task: slug,
  optimizer: slug,
  batchSize: positive.describe("examples per update"),
  datasetSize: positive.describe("training examples (characters or tokens for text)"),
});

/** Where it ran. Seconds are comparable only between equal classes. */
export const deviceSchema = z.strictObject({
  class: slug.describe("backend + device + processor model + threads"),
  backend: z.enum(BACKENDS),
  device: z.enum(DEVICES),
  processor: words(120),
  threads: positive,
  gpu: words(120).optional(),
});

export const hyperparameterValueSchema = z.union([finite, z.string().max(60), z.boolean()]);
export const hyperparametersSchema = z.record(
  z.string().regex(/^[a-zA-Z][a-zA-Z0-9]{0,39}$/),
  hyperparameterValueSchema,
);

/** A training budget in the unit in which the protocol fixes it. */
export const budgetSchema = z.discriminatedUnion("unit", [
  z.strictObject({ unit: z.literal("epochs"), amount: positive }),
  z.strictObject({ unit: z.literal("steps"), amount: positive }),
  z.strictObject({ unit: z.literal("samples"), amount: positive }),
]);

const column = (value: z.ZodType<number | null>) => z.array(value).max(MAX_CURVE_POINTS);
/** `null` marks a value that was not finite or was not measured at this point. */
const measured = finite.nullable();
const measuredAccuracy = accuracy.nullable();

/** One evaluation per row, stored by column. Losses in nats, accuracies in [0, 1]. */
export const evaluationsSchema = z.strictObject({
  step: column(count).describe("updates done"),
  epoch: column(amount),
  flops: column(amount).describe("cumulative training FLOPs"),
  seconds: column(amount).describe("cumulative training seconds, without evaluation and compile"),
  trainLoss: column(measured).describe("on training examples, evaluation mode, true labels"),
  trainAccuracy: column(measuredAccuracy).optional(),
  validationLoss: column(measured).optional(),
  validationAccuracy: column(measuredAccuracy).optional(),
  testLoss: column(measured).optional(),
  testAccuracy: column(measuredAccuracy).optional(),
});

/** The training loss of mini-batches, averaged between points. */
export const trainingCurveSchema = z.strictObject({
  step: column(positive),
  loss: column(measured).describe("mean over the steps since the last point, as optimized"),
});

/** The values that scores are made of, all from the evaluation after the last update. */
export const finalSchema = z.strictObject({
  trainLoss: measured,
  trainAccuracy: measuredAccuracy.optional(),
  validationLoss: measured.optional(),
  validationAccuracy: measuredAccuracy.optional(),
  testLoss: measured.optional(),
  testAccuracy: measuredAccuracy.optional(),
  /** Cross-fitting (tier `paper`): the test set split once into halves A and B. */
  halfA: z.strictObject({ loss: measured, accuracy: measuredAccuracy.optional() }).optional(),
  halfB: z.strictObject({ loss: measured, accuracy: measuredAccuracy.optional() }).optional(),
});

const phaseCost = z.strictObject({ flops: amount, bytes: amount });

export const costSchema = z.strictObject({
  steps: count,
  samples: count,
  flops: amount.describe("all training steps"),
  /** Mean per step, split by phase. */
  perStep: z.strictObject({
    forward: phaseCost,
    backward: phaseCost,
    curvature: phaseCost,
    inverse: phaseCost,
    precondition: phaseCost,
    update: phaseCost,
  }),
  peakBytes: amount.describe("largest sum of live tensor buffers"),
  seconds: z.strictObject({
    train: amount,
    evaluate: amount,
    compile: amount,
    data: amount.describe("waiting for batches; part of train"),
  }),
});

/** A diagnostic is a table: one row per recorded step, named columns. */
export const diagnosticSchema = z.strictObject({
  step: column(count),
  series: z.record(z.string().max(80), column(measured)),
});

/** Counted events of the numerics (specification, section 4). */
export const eventsSchema = z.strictObject({
  clippedSteps: count,
  inverseRetries: count,
  keptInverses: count,
  skippedUpdates: count,
});

export const provenanceSchema = z.strictObject({
  commit: z.string().regex(/^(?:[0-9a-f]{40}|unknown)$/),
  dirty: z.boolean().describe("uncommitted changes when it ran"),
  lockfile: hex(64).describe("SHA-256 of package-lock.json"),
  node: words(20),
  runtime: words(60).describe("engine and version"),
  platform: words(40),
  dataset: z.strictObject({ name: words(60), checksum: hex(64) }),
  startedAt: z.iso.datetime(),
  command: words(1000).describe("reruns exactly this trial"),
  submittedBy: words(60).optional(),
  runUrl: z.url().max(300).optional(),
});

export const trialSchema = z.strictObject({
  key: hex(32).describe("hash of what the trial is; see key.ts"),
  role: z.enum(["tune", "report"]),
  seed: count,
  versions: z.strictObject({ task: positive, optimizer: positive }),
  hyperparameters: hyperparametersSchema,
  budget: budgetSchema,
  status: z.enum(STATUSES),
  /** Why a trial did not finish, in one sentence. */
  reason: words(400).optional(),
  /** Parameter names by how their gradient was treated. */
  preconditioned: z.array(words(80)).max(400),
  plain: z.array(words(80)).max(400),
  evaluations: evaluationsSchema,
  training: trainingCurveSchema,
  final: finalSchema,
  cost: costSchema,
  events: eventsSchema,
  diagnostics: z.record(slug, diagnosticSchema).optional(),
  /** SHA-256 of the final parameters' bytes, in declaration order: "same bits". */
  fingerprint: hex(64),
  provenance: provenanceSchema,
});

export const cellFileSchema = z.strictObject({
  schemaVersion: z.literal(SCHEMA_VERSION),
  cell: cellSchema,
  arm: slug,
  device: deviceSchema,
  trials: z.array(trialSchema).min(1),
});

/**
 * As it lies on disk: with a digest of everything else, so that an edit by hand shows. It proves
 * nothing against someone who recomputes it; rerunning a trial does.
 */
export const storedFileSchema = cellFileSchema.extend({ digest: hex(64) });

export type Tier = (typeof TIERS)[number];
export type Backend = (typeof BACKENDS)[number];
export type Device = (typeof DEVICES)[number];
export type Status = (typeof STATUSES)[number];
export type Cell = z.infer<typeof cellSchema>;
export type DeviceClass = z.infer<typeof deviceSchema>;
export type Hyperparameters = z.infer<typeof hyperparametersSchema>;
export type Budget = z.infer<typeof budgetSchema>;
export type Trial = z.infer<typeof trialSchema>;
export type CellFile = z.infer<typeof cellFileSchema>;

/** How a task's tier trains: plain data, so that `train` needs to know no task. */
export interface TrialProtocol {
  readonly budget: Budget;
  readonly schedule: {
    readonly kind: "cosine" | "constant";
    readonly per: "step" | "epoch";
    readonly warmupSteps: number;
  };
  readonly labelSmoothing: number;
  /** What the reported loss and accuracy are read from. */
  readonly metric: "accuracy" | "loss";
  /** `validation`: configurations are chosen there; `cross-fitted`: on halves of the test set. */
  readonly selection: "validation" | "cross-fitted";
  /** Points of the evaluation curve, the first and the last included. */
  readonly evaluations: number;
  /** Training examples looked at in each evaluation but the last, which sees them all. */
  readonly trainExamplesPerEvaluation: number;
  /** Examples per forward pass in evaluation; per pass in training where a batch does not fit. */
  readonly evaluationBatch: number;
  readonly microBatch?: number;
}
