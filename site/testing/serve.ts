/** @file A folder over HTTP on the loopback address, as GitHub Pages serves it. */
import { readFileSync, statSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css",
  ".js": "text/javascript",
  ".json": "application/json",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".wasm": "application/wasm",
  ".csv": "text/csv",
  ".xml": "application/xml",
};

export interface Served {
  readonly address: string;
  close(): void;
}

/** @param base path that the site was built for, e.g. `/crossover`. */
export async function serveFolder(folder: string, base: string): Promise<Served> {
  const server = createServer((request, reply) => {
    const path = decodeURIComponent(new URL(request.url ?? "/", "http://local").pathname);
    const inside = path.startsWith(base) ? normalize(path.slice(base.length) || "/") : "";
    const file = fileAt(join(folder, inside));
    const missing = !inside || file === undefined;
    const shown = missing ? join(folder, "404.html") : file;
    reply.writeHead(missing ? 404 : 200, {
      "content-type": TYPES[extname(shown)] ?? "application/octet-stream",
    });
    reply.end(readFileSync(shown));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  return { address: `http://127.0.0.1:${port}${base}`, close: () => server.close() };
}

function fileAt(path: string): string | undefined {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat?.isDirectory()) return fileAt(join(path, "index.html"));
  return stat?.isFile() ? path : undefined;
}
