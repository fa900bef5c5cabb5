/**
 * @file Contestants of a step-time table: warm, and timed in blocks of steps. The first step of a block finds
 * the caches full of another's data and is not counted: in training a method's steps follow each other.
 */
import type { Contestant } from "../engine/speed/contestants.ts";
import { timeSteps } from "../engine/speed/time-steps.ts";
import { type Blocks, type BlockTime, mean, medianOf, timeOf } from "./blocks.ts";
import type { StepModel } from "./step-models.ts";
import type { PhaseFlops } from "./step-phases.ts";
import type { StepRunner } from "./step-runner.ts";
import { COLD_STEPS, warmUp } from "./warm-up.ts";

/** A turn lasts about this long, or as long as a step or an interval. */
const BLOCK_MS = 60;
const MOST_STEPS = 100;
const PEER_WARM_UP = 20;

/** A runner that is warm, its cost, and its turns. */
export interface Turns {
  readonly flops: PhaseFlops;
  readonly blocks: number[];
  /** One turn: the mean milliseconds of its steps. */
  block(): number;
  dispose(): void;
}

/** Warms a runner up and counts its cost. Dispose of it in the end. */
export function startTurns({ step, period, flops, dispose }: StepRunner): Turns {
  warmUp(step, period > 1 ? 2 * period : COLD_STEPS);
  const counted = flops();
  const steps = period * countIn(period * mean(timeSteps(step, period)), MOST_STEPS / period);
  const blocks: number[] = [];
  return {
    flops: counted,
    blocks,
    block: () => {
      const block = mean(timeSteps(step, steps + 1).slice(1));
      blocks.push(block);
      return block;
    },
    dispose,
  };
}

/** Another library's time, or why it has none. */
export type PeerTime =
  | (BlockTime & {
      readonly name: string;
      /** Median over rounds of our time over the peer's in the same round. */
      readonly ratio: number;
    })
  | { readonly name: string; readonly error: string };

export interface PeerTurns {
  turn(): Promise<void>;
  /** Undefined where the peer has no such method. */
  result(ours: Blocks): PeerTime | undefined;
}

/** Another library, at the same model with the method of that name. */
export async function startPeer(
  { name, ask }: Contestant,
  { peer: { case: item, sizes } }: StepModel,
  optimizer: string,
): Promise<PeerTurns> {
  const request = { case: item, sizes: { ...sizes, optimizer } };
  const blocks: number[] = [];
  let error: string | undefined;
  const asked = async (steps: number): Promise<number | undefined> => {
    const answer = await ask({ ...request, steps: steps + 1, warmup: PEER_WARM_UP });
    if ("milliseconds" in answer) return mean(answer.milliseconds.slice(1));
    if ("error" in answer) error ??= answer.error;
    return undefined;
  };
  const rough = await asked(1);
  return {
    turn: async () => {
      if (rough === undefined || error) return;
      const block = await asked(countIn(rough, MOST_STEPS));
      if (block !== undefined) blocks.push(block);
    },
    result: (ours) => {
      if (error) return { name, error };
      if (blocks.length === 0) return undefined;
      return { name, ...timeOf(blocks), ratio: medianOf(ours, blocks, (own, one) => own / one) };
    },
  };
}

/** How many of what takes `milliseconds` fill a block. */
function countIn(milliseconds: number, most: number): number {
  return Math.max(1, Math.min(most, Math.round(BLOCK_MS / milliseconds)));
}
