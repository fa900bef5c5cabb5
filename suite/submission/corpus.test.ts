import { describe, expect, it } from "vitest";
import { CORPUS, corpusTable, writtenTable } from "./testing/corpus-table.ts";
import { ARTIFACTS } from "./testing/hostile-artifacts.ts";
import { DIFFERENCES } from "./testing/hostile-differences.ts";
import { RESULTS } from "./testing/hostile-results.ts";
import { check, madeFile, storedText } from "./testing/made-result.ts";

describe("hostile submissions", () => {
  it.each([...DIFFERENCES, ...RESULTS])("$outcome: $tried", async ({ attempt, says }) => {
    expect(await attempt()).toMatch(says);
  });

  it.concurrent.each(ARTIFACTS)("$outcome: $tried", async ({ attempt, says }) => {
    expect(await attempt()).toMatch(says);
  });

  it("an honest file stands, alone and beside what the base has", () => {
    expect(check(storedText(madeFile))).toMatchObject({ findings: [], added: madeFile.trials });
    const before = storedText({ ...madeFile, trials: madeFile.trials.slice(0, -1) });
    expect(check(storedText(madeFile), before).added).toHaveLength(1);
  });
});

describe("the table in CONTRIBUTING.md", () => {
  it("is the corpus", () => {
    expect(CORPUS.length).toBeGreaterThanOrEqual(40);
    expect(writtenTable(), "npx tsx suite/submission/testing/corpus-table.ts").toBe(corpusTable());
  });
});
