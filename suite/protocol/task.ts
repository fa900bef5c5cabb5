/** @file What a task folder exports. */
import type { z } from "zod";
import type { Model, ModelBuilder } from "../nn/model.ts";
import type { Configuration, SearchSpace } from "../optimizer/search.ts";
import type { Tier, TrialProtocol } from "../results/schema.ts";
import type { TaskData } from "../train/data.ts";

export interface LoadOptions {
  readonly onProgress?: (message: string, share?: number) => void;
}

/** Everything that a tier fixes. */
export interface TierProtocol extends TrialProtocol {
  /** Ascending. */
  readonly batchSizes: readonly number[];
  /** Ascending; the last is the full training set. */
  readonly datasetSizes: readonly number[];
  /** Batch sizes at which the dataset axis is run. */
  readonly datasetAxisBatchSizes: readonly number[];
  /** Values that the task fixes for every method that has them, e.g. weight decay. */
  readonly fixed: Configuration;
  /**
   * How often an epoch curvature and inverses are renewed by methods that have intervals for them: the
   * intervals are an epoch's steps divided by this, unless a method's own default is longer. Absent:
   * every method's default.
   */
  readonly renewalsPerEpoch?: number;
  /** Replaces dimensions of a method's search space by name. */
  readonly search: SearchSpace;
  /** The same for one method, by its id: where the best values of a task lie outside its own range. */
  readonly searchOf?: Readonly<Record<string, SearchSpace>>;
  readonly tuning: { readonly configurations: number; readonly reportSeeds: number };
  /** Below this a study decides nothing: SGD and AdamW at their best batch size must reach it. */
  readonly competenceFloor?: number;
  /** Largest difference of the final metric that counts as the same result on another machine. */
  readonly tolerance: number;
  /** SHA-256 of the decoded arrays of every dataset that this tier may name. */
  readonly checksums: readonly string[];
  /** Chance level of the metric: a diverged report seed enters a mean there. */
  readonly chance: number;
  /** Hyperparameters of the task's own, searched and recorded with the method's: e.g. dropout. */
  readonly hyperparameters?: z.ZodObject<Record<string, z.ZodType>>;
  build(builder: ModelBuilder, configuration: Configuration, data: TaskData): Model;
  load(options: LoadOptions): Promise<TaskData>;
}

export interface TaskDeclaration {
  readonly id: string;
  readonly name: string;
  /** Raised when data, model or protocol change what a trial computes. */
  readonly version: number;
  readonly order: number;
  readonly summary: string;
  /** Where the paper uses it, e.g. "Figure 1 (MLP), Figures 3 to 6". */
  readonly paper: string;
  readonly tiers: Partial<Readonly<Record<Tier, TierProtocol>>>;
}

const declared = new WeakSet<object>();

/** Declares a task; export the result from `tasks/<id>/index.ts`. */
export function defineTask(task: TaskDeclaration): TaskDeclaration {
  declared.add(task);
  return task;
}

export function isTaskDeclaration(value: unknown): value is TaskDeclaration {
  return typeof value === "object" && value !== null && declared.has(value);
}
