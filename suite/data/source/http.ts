/**
 * @file Downloads that do not wait for ever: a server has a time to answer, and then a least rate.
 * `fetch` follows no proxy settings before Node 24 (there: NODE_USE_ENV_PROXY=1); behind a proxy the
 * npm source, which does, is the way.
 */
import { DataError } from "../error.ts";
import { systemCode } from "./files.ts";

export interface Patience {
  /** Time to answer, in milliseconds. */
  readonly answerMs: number;
  /** In each window of this length ... */
  readonly windowMs: number;
  /** ... at least this many bytes must arrive. */
  readonly windowBytes: number;
}

/** Where another source stands behind: 5 s to answer, then 100 kB/s at least. */
export const IMPATIENT: Patience = { answerMs: 5_000, windowMs: 10_000, windowBytes: 1_000_000 };

/** Patience with a download that is taken up again where it ended. */
export interface Persistence extends Patience {
  /** Pause before the second attempt in milliseconds; it doubles while no byte arrives. */
  readonly retryMs: number;
}

/** Where none does: 30 s to answer, then anything that still moves. */
export const PERSISTENT: Persistence = {
  answerMs: 30_000,
  windowMs: 60_000,
  windowBytes: 1,
  retryMs: 1_000,
};

export interface Download {
  /** Position of the first byte: the one asked for, or 0 if the server sends only whole files. */
  readonly from: number;
  /** Length of the whole file; undefined where the server does not say. */
  readonly totalBytes: number | undefined;
  readonly chunks: AsyncIterable<Uint8Array>;
}

/**
 * Asks for `url` from byte `from` on.
 * @throws DataError "unreachable" (no answer, an error status, a cut connection) or "too-slow".
 */
export async function openDownload(url: string, patience: Patience, from = 0): Promise<Download> {
  const controller = new AbortController();
  const timer = setTimeout(() => {
    controller.abort(slow(url, `did not answer within ${patience.answerMs / 1000} s`));
  }, patience.answerMs);
  try {
    const response = await fetch(url, {
      signal: controller.signal,
      headers: { "accept-encoding": "identity", ...(from > 0 && { range: `bytes=${from}-` }) },
    });
    if (!response.ok || !response.body) {
      await response.body?.cancel();
      throw new DataError(
        "unreachable",
        `${url} answered with status ${response.status}.`,
        CONNECT,
      );
    }
    const start = response.status === 206 ? from : 0;
    const length = response.headers.get("content-length");
    return {
      from: start,
      totalBytes: length === null ? undefined : start + Number(length),
      chunks: guarded(response.body, { url, patience, controller }),
    };
  } catch (cause) {
    throw networkError(cause, url);
  } finally {
    clearTimeout(timer);
  }
}

/** A whole file in memory. `onBytes` is told how much has arrived. */
export async function downloadBytes(
  url: string,
  patience: Patience,
  onBytes: (bytes: number, totalBytes?: number) => void,
): Promise<Uint8Array> {
  const { chunks, totalBytes } = await openDownload(url, patience);
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of chunks) {
    parts.push(chunk);
    bytes += chunk.length;
    onBytes(bytes, totalBytes);
  }
  return Buffer.concat(parts);
}

async function* guarded(
  body: ReadableStream<Uint8Array>,
  { url, patience, controller }: { url: string; patience: Patience; controller: AbortController },
): AsyncGenerator<Uint8Array> {
  let arrived = 0;
  const timer = setInterval(() => {
    if (arrived < patience.windowBytes) {
      const [bytes, seconds] = [patience.windowBytes, patience.windowMs / 1000];
      controller.abort(slow(url, `sent ${arrived} bytes in ${seconds} s; wanted are ${bytes}`));
    }
    arrived = 0;
  }, patience.windowMs);
  try {
    const reader = body.getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      arrived += value.length;
      yield value;
    }
  } catch (cause) {
    throw networkError(controller.signal.aborted ? controller.signal.reason : cause, url);
  } finally {
    clearInterval(timer);
    // Whoever stops reading early ends the connection.
    controller.abort();
  }
}

const CONNECT = "Check the connection, and try again.";

function slow(url: string, what: string): DataError {
  return new DataError("too-slow", `${url} ${what}.`, CONNECT);
}

function networkError(cause: unknown, url: string): DataError {
  if (cause instanceof DataError) return cause;
  const inner = (cause as { cause?: unknown } | null)?.cause;
  const reason =
    systemCode(inner) ?? (inner instanceof Error ? inner.message : undefined) ?? String(cause);
  return new DataError("unreachable", `${url} cannot be read (${reason}).`, CONNECT, { cause });
}
