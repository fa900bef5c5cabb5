/** @file For tests: an npm registry on this machine with one made package. */
import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { create } from "tar";
import { type Handler, type Loopback, loopback } from "./loopback.ts";

/** Packs `files` (path in the package to content) as npm does; returns the tarball. */
export async function packed(
  directory: string,
  files: ReadonlyMap<string, Uint8Array>,
): Promise<Uint8Array> {
  for (const [name, content] of files) {
    const file = path.join(directory, "package", name);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, content);
  }
  const archive = path.join(directory, "made.tgz");
  await create({ gzip: true, cwd: directory, file: archive }, ["package"]);
  return fs.readFileSync(archive);
}

/** Serves `name`@1.0.0; `sendTarball` may cut it short. */
export async function registry(
  name: string,
  tarball: Uint8Array,
  sendTarball: Handler = (_, response) => response.end(tarball),
): Promise<Loopback> {
  const integrity = `sha512-${createHash("sha512").update(tarball).digest("base64")}`;
  const server: Loopback = await loopback((request, response) => {
    if (request.url?.endsWith(".tgz")) return sendTarball(request, response);
    if (request.url !== `/${name}`) return response.writeHead(404).end("{}");
    const dist = { tarball: `${server.url}/${name}/-/${name}-1.0.0.tgz`, integrity };
    const version = { name, version: "1.0.0", dist };
    return response
      .writeHead(200, { "content-type": "application/json" })
      .end(
        JSON.stringify({ name, "dist-tags": { latest: "1.0.0" }, versions: { "1.0.0": version } }),
      );
  });
  return server;
}
