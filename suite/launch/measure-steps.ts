/**
 * @file Milliseconds per step of every optimizer on a model, beside SGD.
 *
 * One optimizer at a time: its variants, SGD and a peer are warmed up and take turns in blocks of
 * steps, A B A B, so that a machine whose speed drifts is fair to all, and `× SGD` is a ratio within
 * a round. Phases are told apart by what they add: a step that refreshes everything, one that only
 * updates statistics, one that does neither, and SGD's.
 */
import { engineCounters } from "../engine/index.ts";
import type { Contestant } from "../engine/speed/contestants.ts";
import type { OptimizerDeclaration } from "../optimizer/declaration.ts";
import type { RawBatch } from "../train/data.ts";
import { medianOf, timeOf } from "./blocks.ts";
import { madeBatch, type StepModel } from "./step-models.ts";
import { phaseTimes } from "./step-phases.ts";
import { refreshesOf, startRunner } from "./step-runner.ts";
import type { OptimizerTimes } from "./step-table.ts";
import { startPeer, startTurns, type Turns } from "./step-turns.ts";

export interface MeasureStepsOptions {
  readonly optimizers: readonly OptimizerDeclaration[];
  readonly sgd: OptimizerDeclaration;
  readonly rounds: number;
  /** Another library, asked for the methods that it has too. */
  readonly peer?: Contestant | null;
  readonly onOptimizer?: (times: OptimizerTimes) => void;
}

/** Every method on a model. */
export async function measureSteps(
  model: StepModel,
  { optimizers, sgd, rounds, peer, onOptimizer }: MeasureStepsOptions,
): Promise<OptimizerTimes[]> {
  const batch = madeBatch(model);
  const reference = startTurns(startRunner(model, batch, sgd));
  const measured: OptimizerTimes[] = [];
  for (const optimizer of optimizers) {
    const times = await measureOptimizer(optimizer, { model, batch, reference, rounds, peer });
    onOptimizer?.(times);
    measured.push(times);
  }
  reference.dispose();
  return measured;
}

interface Measurement {
  readonly model: StepModel;
  readonly batch: RawBatch;
  readonly reference: Turns;
  readonly rounds: number;
  readonly peer: Contestant | null | undefined;
}

async function measureOptimizer(
  optimizer: OptimizerDeclaration,
  { model, batch, reference, rounds, peer }: Measurement,
): Promise<OptimizerTimes> {
  const refreshes = refreshesOf(optimizer);
  const variants = (refreshes.length === 0 ? [undefined] : refreshes).map((refresh) => ({
    refresh: refresh ?? ("none" as const),
    turns: startTurns(startRunner(model, batch, optimizer, refresh)),
  }));
  const theirs = peer && (await startPeer(peer, model, optimizer.id));
  const theirSgd = peer && (await startPeer(peer, model, "sgd"));
  const before = engineCounters();
  const sgdBlocks: number[] = [];
  for (let round = 0; round < rounds; round++) {
    sgdBlocks.push(reference.block());
    for (const { turns } of variants) turns.block();
    await theirs?.turn();
    await theirSgd?.turn();
  }
  const after = engineCounters();
  const phases = phaseTimes(
    variants.map(({ refresh, turns }) => ({ refresh, ...turns })),
    sgdBlocks,
  );
  const first = variants[0]?.turns.blocks ?? [];
  const theirTime = theirs?.result(first);
  const toSgd = theirSgd?.result(first);
  const times = {
    model: model.name,
    batchSize: model.batchSize,
    optimizer: optimizer.id,
    variants: variants.map(({ refresh, turns: { blocks, flops } }) => ({
      refresh,
      ...timeOf(blocks),
      timesSgd: medianOf(blocks, sgdBlocks, (own, base) => own / base),
      flops,
    })),
    ...(phases && { phases }),
    ...(theirTime && { peer: theirTime }),
    ...(toSgd && "ratio" in toSgd && { timesPeerSgd: toSgd.ratio }),
    recompiles: after.compiles - before.compiles,
    fallbacks: Object.keys(after.fallbacks).filter(
      (kernel) => after.fallbacks[kernel] !== before.fallbacks[kernel],
    ),
  };
  for (const { turns } of variants) turns.dispose();
  return times;
}
