import { afterEach, describe, expect, it } from "vitest";
import { type Handler, type Loopback, loopback } from "../testing/loopback.ts";
import { downloadBytes, type Patience } from "./http.ts";

const QUICK: Patience = { answerMs: 150, windowMs: 150, windowBytes: 100 };

let server: Loopback;
afterEach(() => server.close());

async function download(handler: Handler, patience = QUICK): Promise<string> {
  server = await loopback(handler);
  const bytes = await downloadBytes(server.url, patience, () => {});
  return Buffer.from(bytes).toString();
}

describe("downloadBytes", () => {
  it("returns the file and tells how much has arrived", async () => {
    server = await loopback((_, response) => response.end("x".repeat(1000)));
    const seen: (number | undefined)[] = [];
    const bytes = await downloadBytes(server.url, QUICK, (...counts) => seen.push(...counts));
    expect(bytes.length).toBe(1000);
    expect(seen.slice(-2)).toEqual([1000, 1000]);
  });

  it.each<[string, Handler, string, RegExp]>([
    [
      "an error status",
      (_, response) => response.writeHead(503).end(),
      "unreachable",
      /status 503/,
    ],
    ["no answer", () => {}, "too-slow", /did not answer within 0.15 s/],
    [
      "a cut connection",
      (_, response) => {
        response.writeHead(200, { "content-length": 1000 });
        response.write("x".repeat(500), () => response.destroy());
      },
      "unreachable",
      /cannot be read/,
    ],
    [
      "a server that falls silent",
      (_, response) => {
        response.writeHead(200, { "content-length": 1000 });
        response.write("x".repeat(500));
      },
      "too-slow",
      /sent 0 bytes in 0.15 s; wanted are 100/,
    ],
  ])("fails on %s", async (_, handler, code, message) => {
    const failure = await download(handler).catch((error: unknown) => error);
    expect(failure).toMatchObject({ name: "DataError", code });
    expect(String(failure)).toMatch(message);
  });

  it("fails on a trickle, though it never stops", async () => {
    let timer: NodeJS.Timeout | undefined;
    const failure = await download((_, response) => {
      response.writeHead(200, { "content-length": 1e6 });
      timer = setInterval(() => response.write("x"), 20);
    }).catch((error: unknown) => error);
    clearInterval(timer);
    expect(failure).toMatchObject({ code: "too-slow" });
  });

  it("fails where nothing listens", async () => {
    server = await loopback((_, response) => response.end());
    const { url } = server;
    await server.close();
    await expect(downloadBytes(url, QUICK, () => {})).rejects.toMatchObject({
      code: "unreachable",
      summary: expect.stringContaining("ECONNREFUSED"),
    });
  });
});
