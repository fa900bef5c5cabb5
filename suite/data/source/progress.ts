/** @file What is being waited for, in bytes, with an estimate only where there is ground for one. */

export interface Progress {
  /** The dataset's name, such as "MNIST". */
  readonly dataset: string;
  readonly step: "waiting" | "downloading" | "decoding" | "saving";
  /** Where the bytes come from, or what is waited for. */
  readonly source: string;
  readonly bytes: number;
  /** Absent where the source does not say. */
  readonly totalBytes?: number;
  /** From the rate of the last ten seconds; absent until a hundredth and then a second has passed. */
  readonly secondsLeft?: number;
}

/**
 * Told what is happening: in one line, such as "MNIST: downloading from npm, 5.2 of 11.5 MB, about
 * 3 s left"; as a share of the bytes, where their number is known; and in full.
 */
export type OnProgress = (message: string, share: number | undefined, progress: Progress) => void;

const WINDOW_MS = 10_000;
/** Before this share has arrived, what arrives is talk with the server, and tells no rate. */
const LEAST_SHARE = 0.01;
const LEAST_MS = 1_000;
const REPORT_EVERY_MS = 200;

/** A function to call with the bytes that have arrived so far; reports at most five times a second. */
export function progressMeter(
  what: Pick<Progress, "dataset" | "step" | "source">,
  onProgress: OnProgress | undefined,
  now: () => number = () => performance.now(),
): (bytes: number, totalBytes?: number) => void {
  const seen: { at: number; bytes: number }[] = [];
  let reportedAt = Number.NEGATIVE_INFINITY;
  let ended = false;
  return (bytes, totalBytes) => {
    const at = now();
    const done = bytes === totalBytes;
    if (!onProgress || ended || (at - reportedAt < REPORT_EVERY_MS && !done)) return;
    reportedAt = at;
    ended = done;
    if (bytes >= LEAST_SHARE * (totalBytes ?? 0)) seen.push({ at, bytes });
    while (seen.length > 2 && at - (seen[1]?.at ?? at) >= WINDOW_MS) seen.shift();
    const first = seen[0] ?? { at, bytes };
    const rate = (bytes - first.bytes) / (at - first.at);
    const known = totalBytes !== undefined && at - first.at >= LEAST_MS && rate > 0;
    const progress: Progress = {
      ...what,
      bytes,
      ...(totalBytes !== undefined && { totalBytes }),
      ...(known && { secondsLeft: Math.max(0, totalBytes - bytes) / rate / 1000 }),
    };
    onProgress(
      describe(progress),
      totalBytes === undefined ? undefined : bytes / totalBytes,
      progress,
    );
  };
}

function describe(progress: Progress): string {
  const { dataset, step, source, bytes, totalBytes, secondsLeft } = progress;
  if (step === "waiting") return `${dataset}: waiting for ${source}`;
  const from = step === "downloading" ? ` from ${source}` : "";
  const total = totalBytes === undefined ? "" : ` of ${megabytes(totalBytes)}`;
  const amount = bytes > 0 ? `, ${megabytes(bytes)}${total} MB` : "";
  const left = secondsLeft === undefined ? "" : `, about ${Math.ceil(secondsLeft)} s left`;
  return `${dataset}: ${step}${from}${amount}${left}`;
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}
