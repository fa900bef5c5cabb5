/** @file Times the steps of a trial from outside, by when it asks for its batches. */
import type { Configuration } from "../optimizer/search.ts";
import type { BatchSource, TaskData } from "../train/data.ts";
import { evenlySpaced } from "../train/points.ts";
import type { TrialSpec } from "../train/spec.ts";
import { COLD_STEPS, isWarm } from "./warm-up.ts";

/** Timed steps: at least so many whole intervals of the method, steps and milliseconds. */
const FEWEST_STEPS = 5;
const ENOUGH_STEPS = 20;
const ENOUGH_MS = 250;
const MOST_MS = 1000;

export interface StepSeconds {
  readonly mean: number;
  readonly fastest: number;
  /** Spent waiting for the batch. */
  readonly dataShare: number;
}

interface Timed {
  readonly milliseconds: number[];
  stepMs: number;
  /** Of them, waiting for the batch. */
  dataMs: number;
}

export class StepClock {
  /** The trial's data, to be trained on instead. */
  readonly data: TaskData;
  private timed: Timed = { milliseconds: [], stepMs: 0, dataMs: 0 };
  /** The steps before the first warm one, once there was one. */
  private cold: Timed | undefined;
  private readonly evaluated: ReadonlySet<number>;
  private readonly period: number;
  private steps = 0;
  private began = 0;
  private waited = 0;

  /** `onEnough` is called once enough warm steps were timed, maybe more than once. */
  constructor(
    { data, steps, protocol, hyperparameters }: TrialSpec,
    private readonly onEnough: () => void,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.evaluated = new Set(evenlySpaced(steps, protocol.evaluations));
    this.period = periodOf(hyperparameters);
    this.data = { ...data, batches: (options) => this.watched(data.batches(options)) };
  }

  /** Of warm steps; of a trial that ends before it has one, of all but its first. */
  read(): StepSeconds {
    const warmed = this.timed.milliseconds.length > 0;
    const { milliseconds, stepMs, dataMs } = warmed ? this.timed : (this.cold ?? this.timed);
    return {
      mean: stepMs / milliseconds.length / 1000,
      fastest: Math.min(...milliseconds) / 1000,
      dataShare: dataMs / stepMs,
    };
  }

  private watched(source: BatchSource): BatchSource {
    const clocked =
      <T>(next: () => T): (() => T) =>
      () => {
        this.tick();
        const batch = next();
        this.waited = this.now() - this.began;
        return batch;
      };
    const { fromTable } = source;
    return {
      ...source,
      next: clocked(() => source.next()),
      ...(fromTable && { fromTable: { ...fromTable, next: clocked(() => fromTable.next()) } }),
    };
  }

  /** Another step begins, so that the one before, if there was one, has ended. */
  private tick(): void {
    const now = this.now();
    const took = now - this.began;
    this.began = now;
    const ended = this.steps++;
    // What follows a step that is evaluated is not the step's.
    if (ended <= COLD_STEPS || this.evaluated.has(ended)) return;
    const { timed } = this;
    timed.milliseconds.push(took);
    timed.stepMs += took;
    timed.dataMs += this.waited;
    if (!this.cold && isWarm(timed.milliseconds.length, timed.stepMs)) {
      this.cold = timed;
      this.timed = { milliseconds: [], stepMs: 0, dataMs: 0 };
    }
    if (this.cold && this.isEnough()) this.onEnough();
  }

  private isEnough(): boolean {
    const { milliseconds, stepMs } = this.timed;
    const steps = milliseconds.length;
    if (steps < FEWEST_STEPS || steps % this.period > 0) return false;
    return stepMs >= MOST_MS || (steps >= ENOUGH_STEPS && stepMs >= ENOUGH_MS);
  }
}

/** Steps after which a method has done everything once. */
function periodOf({ curvatureInterval = 1, inverseInterval = 1 }: Configuration): number {
  return Math.max(Number(curvatureInterval), Number(inverseInterval));
}
