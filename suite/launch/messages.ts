/** @file What the parent and its workers say to each other. */
import type { CellPlan } from "../protocol/plan.ts";
import type { Backend, Cell, Device, Trial } from "../results/schema.ts";

export interface EngineChoice {
  readonly backend: Backend;
  readonly device: Device;
  /** Of each worker. */
  readonly threads: number;
  readonly workers: number;
}

export interface WorkerTask {
  readonly plan: CellPlan;
  readonly engine: EngineChoice;
  /** Folder that result files go below. */
  readonly root: string;
  readonly scratch: string;
}

export type WorkerMessage =
  | { readonly kind: "trial"; readonly cell: Cell; readonly trial: Trial; readonly reused: boolean }
  | { readonly kind: "progress"; readonly cell: Cell; readonly share: number };
