import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { sourceOf } from "./provenance.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

describe("sourceOf", () => {
  it("names who submits and the run that it came from, when the environment does", () => {
    const source = sourceOf(root, {
      CROSSOVER_SUBMITTED_BY: "Ada",
      CROSSOVER_RUN_URL: "https://github.com/o/r/actions/runs/1",
    });
    expect(source).toMatchObject({
      submittedBy: "Ada",
      runUrl: "https://github.com/o/r/actions/runs/1",
    });
  });

  it("says nothing of them otherwise, and finds commit and lock file", () => {
    const source = sourceOf(root, { CROSSOVER_SUBMITTED_BY: "" });
    expect(Object.keys(source)).not.toContain("submittedBy");
    expect(Object.keys(source)).not.toContain("runUrl");
    expect(source.commit).toMatch(/^([0-9a-f]{40}|unknown)$/);
    expect(source.lockfile).toMatch(/^[0-9a-f]{64}$/);
  });
});
