/** @file Factorizations of several matrices in lock-step, so that their leaves are done as stacks. */
import type { GraphBuilder } from "../../graph.ts";
import { type InverseFactor, Leaves } from "./leaves.ts";
import { every, type Float } from "./matrix.ts";

/** A leaf of order n that a computation wants factored. */
export interface LeafRequest {
  /** `[n, n]`, or a stack where the computation is one on a stack. */
  readonly matrix: string;
  readonly n: number;
  /** `[n, n]` for all of a stack. */
  readonly shared?: boolean;
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
  /** Added to the diagonals: one for each matrix, `[systems · each]`, a system's behind each other. */
  readonly shifts: string;
  readonly systems: number;
  /** Matrices of every system, a stack; left out for one. */
  readonly each?: number;
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
    const { b, options } = this;
    const { each = 1 } = options;
    const { n, matrix } = requests[0] as IndexedRequest;
    const systems = requests.length;
    const leaves = this.leavesOf(requests.map(({ index }) => index));
    if (systems === 1) return [leaves.factor(matrix, n)];
    const stacks = requests.map(({ matrix, shared }) => {
      if (each === 1) return b.reshape(matrix, [1, n, n]);
      return shared ? b.node("Expand", [matrix, b.ints([each, n, n])]) : matrix;
    });
    const { inverse } = leaves.factor(b.node("Concat", stacks, { axis: 0 }), n);
    const inverses = b.nodes("Split", [inverse], { axis: 0, num_outputs: systems }, systems);
    return inverses.map((one) => ({ n, inverse: each === 1 ? b.reshape(one, [n, n]) : one }));
  }

  /** Whether every pivot of a system was positive: bools `[systems]`. */
  positive(): string {
    const { b } = this;
    const { systems, each = 1 } = this.options;
    const flags = [...this.stacks.values()].map(({ members, leaves }) => {
      const all = leaves.positive();
      const own =
        each === 1
          ? b.reshape(all, [members.length])
          : every(b, b.reshape(all, [members.length, each]), 1);
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
    const { dtype, shifts, systems, each = 1 } = options;
    const places = members.flatMap((system) => range(each).map((i) => each * system + i));
    const own =
      members.length === systems
        ? shifts
        : b.node("Gather", [shifts, b.constant(places, "int32", [places.length])]);
    const leaves =
      places.length === 1
        ? new Leaves(b, { dtype, shift: b.reshape(own, []) })
        : new Leaves(b, { dtype, shift: own, count: places.length });
    this.stacks.set(`${members}`, { members, leaves });
    return leaves;
  }
}

const range = (length: number) => Array.from({ length }, (_, i) => i);
