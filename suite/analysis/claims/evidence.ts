/** What a claim about a board is decided from. */
import type { Board } from "../board.ts";
import type { TaskFacts } from "../metric.ts";

/** Which optimizers are compared; taken from their declarations, not from their names. */
export interface Families {
  firstOrder: readonly string[];
  secondOrder: readonly string[];
}

export interface BoardEvidence {
  /** The board that the claim reads. */
  board: Board;
  /** The same task and tier by the primary metric: what the competence floor is checked on. */
  primary: Board;
  facts: TaskFacts;
  families: Families;
}

/** The members of a family that have a row on the board. */
export function present(board: Board, family: readonly string[]): string[] {
  return family.filter((id) => board.rows.some(({ optimizer }) => optimizer === id));
}
