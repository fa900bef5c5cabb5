/** @file Factorizations of several matrices in lock-step, so that their leaves are done as stacks. */
import type { GraphBuilder } from "../../graph.ts";
import { type InverseFactor, Leaves } from "./leaves.ts";
import type { Float } from "./matrix.ts";

/** A leaf of order n that a computation wants factored. */
export interface LeafRequest {
  readonly matrix: string;
  readonly n: number;
}

/** Writes a computation; stops at each leaf, and goes on with its factor. */
export type Leafwise<T> = Generator<LeafRequest, T, InverseFactor>;

/** A request, and which of the computations made it. */
export interface IndexedRequest extends LeafRequest {
  readonly index: number;
}

/**
 * Writes computations up to the next leaf of each, has these factored, those of one order at once, and
 * so on to their ends.
 *
 * @param factor gets requests of one order, in the order of the computations
 */
export function together<T>(
  computations: readonly Leafwise<T>[],
  factor: (requests: readonly IndexedRequest[]) => readonly InverseFactor[],
): T[] {
  const states = computations.map((computation) => computation.next());
  for (;;) {
    const requests = states.flatMap((state, index) =>
      state.done ? [] : [{ ...state.value, index }],
    );
    if (requests.length === 0) break;
    for (const n of new Set(requests.map((request) => request.n))) {
      const alike = requests.filter((request) => request.n === n);
      const factors = factor(alike);
      alike.forEach(({ index }, i) => {
        const computation = computations[index] as Leafwise<T>;
        states[index] = computation.next(factors[i] as InverseFactor);
      });
    }
  }
  return states.map((state) => state.value as T);
}

interface StackedLeavesOptions {
  readonly dtype: Float;
  /** Added to the diagonals: one for each system, `[systems]`. */
  readonly shifts: string;
  readonly systems: number;
}

/** Factors leaves of several systems, and remembers which of these were positive. */
export class StackedLeaves {
  /** By which systems' leaves they factor. */
  private readonly stacks = new Map<string, { members: readonly number[]; leaves: Leaves }>();

  constructor(
    private readonly b: GraphBuilder,
    private readonly options: StackedLeavesOptions,
  ) {}

  /** Leaves of one order. */
  factor(requests: readonly IndexedRequest[]): InverseFactor[] {
    const { b } = this;
    const { n, matrix } = requests[0] as IndexedRequest;
    const count = requests.length;
    const leaves = this.leavesOf(requests.map(({ index }) => index));
    if (count === 1) return [leaves.factor(matrix, n)];
    const alone = requests.map((request) => b.reshape(request.matrix, [1, n, n]));
    const { inverse } = leaves.factor(b.node("Concat", alone, { axis: 0 }), n);
    const inverses = b.nodes("Split", [inverse], { axis: 0, num_outputs: count }, count);
    return inverses.map((one) => ({ n, inverse: b.reshape(one, [n, n]) }));
  }

  /** Whether every pivot of a system was positive: bools `[systems]`. */
  positive(): string {
    const { b } = this;
    const { systems } = this.options;
    const flags = [...this.stacks.values()].map(({ members, leaves }) => {
      const own = b.reshape(leaves.positive(), [members.length]);
      if (members.length === systems) return own;
      const places = range(systems).map((system) => {
        const place = members.indexOf(system);
        return place < 0 ? members.length : place;
      });
      const orTrue = b.node("Concat", [own, b.constant([1], "bool")], { axis: 0 });
      return b.node("Gather", [orTrue, b.constant(places, "int32", [systems])]);
    });
    return flags.reduce((all, some) => b.node("And", [all, some]));
  }

  private leavesOf(members: readonly number[]): Leaves {
    const { b, options } = this;
    const known = this.stacks.get(`${members}`);
    if (known) return known.leaves;
    const { dtype, shifts, systems } = options;
    const count = members.length;
    const own =
      count === systems
        ? shifts
        : b.node("Gather", [shifts, b.constant(members, "int32", [count])]);
    const leaves =
      count === 1
        ? new Leaves(b, { dtype, shift: b.reshape(own, []) })
        : new Leaves(b, { dtype, shift: own, count });
    this.stacks.set(`${members}`, { members, leaves });
    return leaves;
  }
}

const range = (length: number) => Array.from({ length }, (_, i) => i);
