import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import { type Contestant, start } from "./contestants.ts";
import type { Workload } from "./protocol.ts";

const path = (file: string) => fileURLToPath(new URL(`./testing/${file}`, import.meta.url));
const hasPython = spawnSync("python3", ["--version"]).status === 0;

const PEERS = [
  {
    name: "a contestant in TypeScript",
    command: process.execPath,
    arguments: ["--import", "tsx", path("fake-peer.ts")],
    present: true,
  },
  {
    name: "a peer in Python",
    command: "python3",
    arguments: [path("fake_peer.py")],
    present: hasPython,
  },
];

const ended: string[] = [];
const running: Contestant[] = [];

afterEach(() => {
  for (const contestant of running.splice(0)) contestant.stop();
  ended.length = 0;
});

async function started(options: { command: string; arguments: readonly string[] }) {
  const onEnd = (message: string) => ended.push(message);
  const contestant = await start({ key: "fake", threads: 1, onEnd, ...options });
  if (contestant) running.push(contestant);
  return contestant;
}

const ask = (contestant: Contestant | null, name: string, sizes: Workload["sizes"] = {}) =>
  contestant?.ask({ case: name, sizes, steps: 3, warmup: 1 });

describe.each(PEERS)("$name", ({ command, arguments: given, present }) => {
  const options = { command, arguments: given };

  it.skipIf(!present)("answers a case that fails, and goes on", async () => {
    const contestant = await started(options);
    expect(contestant?.name).toBe("fake");
    expect(await ask(contestant, "throws")).toEqual({ error: expect.stringContaining("no luck") });
    expect(await ask(contestant, "unknown")).toEqual({ absent: true });
    expect(await ask(contestant, "works")).toEqual({
      milliseconds: [expect.any(Number), expect.any(Number), expect.any(Number)],
    });
    expect(ended).toEqual([]);
  });

  it.skipIf(!present)("says once, with its last words, that it died", async () => {
    const contestant = await started(options);
    const died = { error: "the process ended: exit code 3: last words" };
    expect(await ask(contestant, "dies")).toEqual(died);
    expect(await ask(contestant, "works")).toEqual(died);
    expect(ended).toEqual(["fake ended early: exit code 3: last words"]);
  });
});

it.skipIf(!hasPython)("a peer answers sizes that its case does not know", async () => {
  const contestant = await started({ command: "python3", arguments: [path("fake_peer.py")] });
  const answer = await ask(contestant, "works", { stepsPerGraph: 8 });
  expect(answer).toEqual({ error: expect.stringMatching(/^TypeError: .*stepsPerGraph/) });
  expect(await ask(contestant, "works")).toHaveProperty("milliseconds");
});

it.skipIf(!hasPython)("a peer's two cases take turns without being prepared anew", async () => {
  const contestant = await started({ command: "python3", arguments: [path("fake_peer.py")] });
  for (const size of [0, 1, 0, 1, 2, 1, 2]) {
    expect(await ask(contestant, "once", { size })).toHaveProperty("milliseconds");
  }
});

it("says why a contestant did not start", async () => {
  expect(await started({ command: "no-such-program", arguments: [] })).toBeNull();
  expect(ended).toEqual([expect.stringMatching(/^fake did not start: .*ENOENT/)]);
});

it("hears of a contestant that was killed", async () => {
  const code = "console.error('so long'); process.kill(process.pid, 'SIGKILL')";
  expect(await started({ command: process.execPath, arguments: ["-e", code] })).toBeNull();
  expect(ended).toEqual(["fake did not start: killed by SIGKILL: so long"]);
});
