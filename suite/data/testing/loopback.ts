/** @file For tests: an HTTP server on this machine that can cut, stall and lie. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export type Handler = (request: IncomingMessage, response: ServerResponse) => void;

export interface Loopback {
  readonly url: string;
  /** Requests so far: path, and the range asked for. */
  readonly requests: { readonly path: string; readonly range: string | undefined }[];
  close(): Promise<void>;
}

/** Serves on a free port of 127.0.0.1 until closed. */
export async function loopback(handler: Handler): Promise<Loopback> {
  const requests: Loopback["requests"] = [];
  const server = createServer((request, response) => {
    requests.push({ path: request.url ?? "", range: request.headers.range });
    handler(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Answers with files by path, honouring byte ranges; 404 for others. */
export function serveFiles(files: ReadonlyMap<string, Uint8Array>): Handler {
  return (request, response) => {
    const file = files.get(decodeURIComponent(request.url ?? ""));
    if (!file) {
      response.writeHead(404).end();
      return;
    }
    const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0);
    response.writeHead(from > 0 ? 206 : 200, {
      "content-length": file.length - from,
      ...(from > 0 && { "content-range": `bytes ${from}-${file.length - 1}/${file.length}` }),
    });
    response.end(file.subarray(from));
  };
}

/** Sends the first `bytes` of what `handler` would send, then cuts the connection. */
export function cutAfter(file: Uint8Array, bytes: number): Handler {
  return (request, response) => {
    const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0);
    response.writeHead(from > 0 ? 206 : 200, { "content-length": file.length - from });
    response.write(file.subarray(from, from + bytes), () => {
      // Let it arrive before the connection goes.
      setTimeout(() => response.destroy(), 20);
    });
  };
}
