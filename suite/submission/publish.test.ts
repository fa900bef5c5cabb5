import { afterEach, describe, expect, it } from "vitest";
import { MARKER } from "./comment.ts";
import { githubClient } from "./github.ts";
import { publishReport } from "./publish.ts";
import { BOT, LABELS } from "./say.ts";
import type { Loopback } from "./testing/loopback-github.ts";
import { hastyClient, madeWorld, serve, type World } from "./testing/made-github.ts";
import { madeReport } from "./testing/made-report.ts";

const where = { owner: "o", repo: "r" };
let github: Loopback | undefined;
afterEach(async () => {
  expect(github?.problems).toEqual([]);
  await github?.close();
});

async function publish(world: World) {
  github = await serve(world);
  return publishAgain();
}

const publishAgain = (client = hastyClient((github as Loopback).url)) =>
  publishReport(client, where, 7);

const writes = () => github?.calls.filter(({ method }) => method !== "GET").length;

describe("publishReport", () => {
  it("comments once, labels, and then updates in place", async () => {
    const world = madeWorld(madeReport);
    expect(await publish(world)).toMatchObject({ believed: true });
    expect(world.comments).toHaveLength(1);
    expect(world.comments[0]?.body).toContain("✓ Valid submission");
    expect(world.labels).toEqual([LABELS.valid]);
    const before = writes();
    await publishAgain();
    expect(writes()).toBe(before);
    expect(world.comments).toHaveLength(1);
  });

  it("finds its comment on the third page, and no stranger's with its mark", async () => {
    const world = madeWorld(madeReport);
    const strangers = Array.from({ length: 230 }, (_, i) => ({
      id: i,
      login: "eve",
      body: `${MARKER} mine`,
    }));
    world.comments = [...strangers, { id: 999, login: BOT, body: `${MARKER}\nold` }];
    world.labels = [LABELS.refused, "keep"];
    await publish(world);
    expect(world.comments).toHaveLength(231);
    expect(world.comments.at(-1)?.body).toContain("✓ Valid submission");
    expect(world.labels.sort()).toEqual(["keep", LABELS.valid].sort());
  });

  it("waits out rate limits and failing servers", async () => {
    const world = madeWorld(madeReport);
    github = await serve(world);
    const reset = `${Math.floor(Date.now() / 1000) + 1}`;
    github.failNext(
      { status: 502, body: { message: "Bad Gateway" } },
      {
        status: 403,
        body: { message: "API rate limit exceeded" },
        headers: { "x-ratelimit-remaining": "0", "x-ratelimit-reset": reset },
      },
      {
        status: 403,
        body: { message: "You have exceeded a secondary rate limit." },
        headers: { "retry-after": "1" },
      },
    );
    const patient = githubClient({ token: "t", baseUrl: github.url, second: 5 });
    expect(await publishAgain(patient)).toMatchObject({ believed: true });
    expect(world.comments).toHaveLength(1);
  });

  it("gives up loudly when GitHub refuses, and has said nothing", async () => {
    const world = madeWorld(madeReport);
    github = await serve(world);
    github.failNext({ status: 401, body: { message: "Bad credentials" } });
    await expect(publishAgain()).rejects.toThrow(/Bad credentials/);
    expect(writes()).toBe(0);
  });

  it("reads every page of changed files", async () => {
    const results = Array.from({ length: 250 }, (_, i) => `results/mini/t/board/mine/b${i}.json`);
    const world = { ...madeWorld(madeReport), files: [...results, "suite/cli/run.ts"] };
    expect(await publish(world)).toMatchObject({ believed: false });
    expect(world.comments[0]?.body).toContain("Open two pull requests");
    expect(world.labels).toEqual([LABELS.refused]);
  });

  it("has nothing to say about code", async () => {
    const world = { ...madeWorld(madeReport), files: ["suite/cli/run.ts"] };
    expect(await publish(world)).toMatchObject({ believed: false });
    expect(writes()).toBe(0);
  });

  it("welcomes who is here for the first time", async () => {
    const world = { ...madeWorld(madeReport), association: "FIRST_TIME_CONTRIBUTOR" };
    await publish(world);
    expect(world.comments[0]?.body).toContain("#### Welcome");
  });
});
