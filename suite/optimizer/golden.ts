/**
 * @file Goldens: what a version of an optimizer (or of a task) computes on a short fixed run, in a
 * few numbers of six digits. They change only together with the version, so that results of one
 * version are results of one mathematics.
 *
 * Numbers, not a hash of them: a hash differs wholly when one last digit rounds the other way.
 */

/** A recorded version and its numbers. */
export interface Golden {
  readonly version: number;
  readonly numbers: readonly number[];
}

/** `golden.json`: by kind, then by id. */
export interface GoldenFile {
  readonly optimizers: Readonly<Record<string, Golden>>;
  readonly tasks: Readonly<Record<string, Golden>>;
}

/** One unit of the sixth digit, at most: rounding alone makes half of it. */
const TOLERANCE = 1e-5;
/** Below this a number is a difference of larger ones, and its own digits mean less. */
const FLOOR = 0.1;

/** The numbers to record. */
export const toSixDigits = (values: readonly number[]): number[] =>
  values.map((value) => Number(value.toPrecision(6)));

/**
 * Why a declaration does not agree with its record, and what to do; undefined where it does, or
 * where none was recorded yet.
 */
export function goldenIssue(
  what: string,
  { version, numbers }: Golden,
  recorded: Golden | undefined,
): string | undefined {
  if (!recorded) return undefined;
  const record = `run "npm run golden" and commit suite/optimizer/golden.json`;
  if (version !== recorded.version) {
    return `${what} is of version ${version}, its golden of version ${recorded.version}: ${record}.`;
  }
  if (agree(numbers, recorded.numbers)) return undefined;
  return (
    `${what} computes something else than its version ${version} did: ` +
    `${toSixDigits(numbers).join(" ")} instead of ${recorded.numbers.join(" ")}. ` +
    `If that is meant, raise its \`version\` to ${version + 1}, then ${record}; results of version ` +
    `${version} are then no longer compared with new ones.`
  );
}

function agree(a: readonly number[], b: readonly number[]): boolean {
  if (a.length !== b.length) return false;
  return a.every((value, i) => {
    const other = b[i] as number;
    return Math.abs(value - other) <= TOLERANCE * Math.max(Math.abs(value), Math.abs(other), FLOOR);
  });
}
