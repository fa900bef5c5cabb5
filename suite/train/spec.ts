/** @file What a trial is, as training sees it. */
import type { Model, ModelBuilder } from "../nn/model.ts";
import type { OptimizerDeclaration } from "../optimizer/declaration.ts";
import type { Configuration } from "../optimizer/search.ts";
import type { TrialProtocol } from "../results/schema.ts";
import type { TaskData } from "./data.ts";

export interface TrialSpec {
  readonly protocol: TrialProtocol;
  readonly build: (builder: ModelBuilder, configuration: Configuration) => Model;
  readonly data: TaskData;
  readonly optimizer: OptimizerDeclaration;
  /** Complete: defaults filled in. */
  readonly hyperparameters: Configuration;
  readonly batchSize: number;
  readonly datasetSize: number;
  readonly steps: number;
  readonly seed: number;
  /** Rows of diagnostics to record; 0 or absent: none, at no cost. */
  readonly diagnosticPoints?: number;
}
