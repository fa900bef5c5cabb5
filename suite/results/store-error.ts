/** @file What goes wrong with result files, in words. */

/** A result file that cannot be read or may not be written. */
export class StoreError extends Error {
  readonly file: string;

  constructor(file: string, message: string) {
    super(`${file}: ${message}`);
    this.file = file;
  }
}

const ADVICE: Readonly<Record<string, string>> = {
  ENOSPC: "The disk is full: free some space, then run the same command again.",
  EDQUOT: "Your disk quota is used up: free some space, then run the same command again.",
  // What making folders on a read-only disk fails with.
  ENOENT: "Its folder cannot be made: is the disk read-only, or gone?",
  EROFS: "The folder is read-only: write to another one, or mount it writable.",
  EACCES: "You may not write there: see the folder's owner and permissions.",
  EPERM: "You may not write there: see the folder's owner and permissions.",
};

/** The system's error with what to do about it. What was there before is still there. */
export function unwritable(file: string, error: unknown): StoreError {
  const { code = "", message } = error as NodeJS.ErrnoException;
  const advice = ADVICE[code] ?? "Finished trials are kept: run the same command again.";
  return new StoreError(file, `could not be written (${message}). ${advice}`);
}
