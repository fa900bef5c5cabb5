import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, it } from "vitest";
import { runNode } from "./child.ts";

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "crossover-home-"));
});
afterEach(() => rmSync(home, { recursive: true }));

/** What a process that runs one graph leaves in its home folder. */
async function leftBy(environment: Record<string, string>): Promise<string[]> {
  const script = fileURLToPath(new URL("./testing/one-graph.ts", import.meta.url));
  const { failure } = await runNode(["--import", "tsx", script], {
    seconds: 50,
    // Neither a test nor a hosted run turns telemetry off here: the engine has to.
    environment: { HOME: home, XDG_CACHE_HOME: home, CI: "", VITEST: "", ...environment },
  });
  expect(failure).toBeUndefined();
  return readdirSync(home, { recursive: true, encoding: "utf8" }).filter((n) =>
    /deviceid/i.test(n),
  );
}

it("keeps ONNX Runtime from identifying the machine and from sending anything", async () => {
  expect(await leftBy({})).toEqual([]);
});

// Shows that the test above would notice.
it.runIf(process.platform === "linux")("leaves it to who asks for it", async () => {
  expect(await leftBy({ ORT_DISABLE_TELEMETRY: "0" })).not.toEqual([]);
});
