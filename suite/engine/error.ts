/** @file The one kind of error that the engine throws: what happened, and what to do next. */

/** Permanent names: code may branch on them, and documentation may link to them. */
export type EngineErrorCode =
  | "unknown-backend"
  | "device-unavailable"
  | "library-missing"
  | "library-unsupported"
  | "unsupported-dtype"
  | "unsupported-shape"
  | "session-failed"
  | "run-failed"
  | "out-of-memory";

/**
 * `message` says what was asked for and why it cannot be had; `hint` says what to do about it.
 * Printing the error shows both.
 */
export class EngineError extends Error {
  override readonly name = "EngineError";

  constructor(
    readonly code: EngineErrorCode,
    readonly summary: string,
    readonly hint: string,
    options?: ErrorOptions,
  ) {
    super(`${summary}\n${hint}`, options);
  }
}
