/** @file The one kind of error that data throws: what happened, what is allowed, what to do next. */

/** Permanent names: code may branch on them, and documentation may link to them. */
export type DataErrorCode =
  | "bad-argument"
  | "bad-state"
  | "cache-unusable"
  | "disk-full"
  | "unreachable"
  | "too-slow"
  | "corrupt"
  | "not-utf8"
  | "unknown-character";

/**
 * `summary` says what was given or met and what is allowed; `hint` says what to do about it.
 * Printing the error shows both.
 */
export class DataError extends Error {
  override readonly name = "DataError";

  constructor(
    readonly code: DataErrorCode,
    readonly summary: string,
    readonly hint: string,
    options?: ErrorOptions,
  ) {
    super(`${summary}\n${hint}`, options);
  }
}

/** Throws unless `value` is an integer from `least` to `most`. */
export function requireInteger(
  what: string,
  value: number,
  [least, most]: readonly [number, number],
  hint: string,
): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  const allowed = most === Number.MAX_SAFE_INTEGER ? `at least ${least}` : `${least} to ${most}`;
  throw new DataError("bad-argument", `${what} ${value}: allowed are integers, ${allowed}.`, hint);
}
