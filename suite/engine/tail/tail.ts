/** @file The chains that follow a run of a graph. */
import type { TensorArray } from "../binding.ts";
import type { Named } from "../graph.ts";
import type { Arena } from "./arena.ts";
import type { ProgramFunction } from "./program.ts";
import type { Chain } from "./split.ts";

const FLOAT_BYTES = 4;

export class Tail {
  private readonly calls: readonly { readonly chain: Chain; readonly run: ProgramFunction }[];
  /** By result: the tensors that no chain but its own reads. */
  private readonly donors: ReadonlyMap<string, readonly string[]>;

  constructor(
    chains: readonly Chain[],
    /** Outputs of the graph that are nobody else's. */
    readonly reads: readonly Named[],
    private readonly arena: Arena,
  ) {
    this.calls = chains.map((chain) => ({ chain, run: arena.functionOf(chain.program) }));
    const readers = (name: string) => chains.filter(({ tensors }) => tensors.includes(name)).length;
    this.donors = new Map(
      chains.flatMap(({ results, tensors }) => {
        const own = tensors.filter((name) => readers(name) === 1);
        return results.map((name) => [name, own] as const);
      }),
    );
  }

  makes(name: string): boolean {
    return this.donors.has(name);
  }

  /** Tensors in whose place the result may be written, if nobody needs them after the graph. */
  donorsOf(result: string): readonly string[] {
    return this.donors.get(result) ?? [];
  }

  /** False, with nothing written, where an array is not in the arena: it had no room. */
  run(arrayOf: (name: string) => TensorArray): boolean {
    const { arena, calls } = this;
    const reached = calls.every(({ chain: { tensors, results } }) =>
      [...tensors, ...results].every((name) => arena.holds(arrayOf(name))),
    );
    if (!reached) return false;
    const address = (name: string) => arrayOf(name).byteOffset;
    for (const { run, chain } of calls) {
      run(
        ...chain.tensors.map(address),
        ...chain.results.map(address),
        FLOAT_BYTES * chain.size,
        ...chain.scalars.map((of) => (typeof of === "number" ? of : (arrayOf(of)[0] as number))),
      );
    }
    return true;
  }
}
