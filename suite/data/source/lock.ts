/**
 * @file One process at a time, by `proper-lockfile`: a directory beside the file, touched every few
 * seconds, that counts as abandoned when it was not touched for twenty (its owner was killed).
 */
import { setTimeout as sleep } from "node:timers/promises";
import { lock } from "proper-lockfile";
import { diskError, systemCode } from "./files.ts";

const STALE_MS = 20_000;
const UPDATE_MS = 4_000;
const POLL_MS = 250;

/** Runs `work` while holding the lock of `file`; calls `onWait` each time another one has it. */
export async function withLock<T>(
  file: string,
  onWait: () => void,
  work: () => Promise<T>,
): Promise<T> {
  const release = await acquireLock(file, onWait);
  try {
    return await work();
  } finally {
    // Failing to release is harmless: the lock expires.
    await release().catch(() => {});
  }
}

async function acquireLock(file: string, onWait: () => void): Promise<() => Promise<void>> {
  for (;;) {
    try {
      return await lock(file, {
        realpath: false,
        stale: STALE_MS,
        update: UPDATE_MS,
        // Two holders at worst fetch twice: files appear whole, by rename.
        onCompromised: () => {},
      });
    } catch (cause) {
      if (systemCode(cause) !== "ELOCKED") throw diskError(cause, `${file}.lock`);
      onWait();
      await sleep(POLL_MS);
    }
  }
}
