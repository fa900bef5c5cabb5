import { describe, expect, it } from "vitest";
import { sandboxProblem } from "./sandbox.ts";
import { CODE } from "./testing/hostile-code.ts";

const problem = sandboxProblem();

describe.concurrent("hostile code", () => {
  it.runIf(problem === undefined).each(CODE)("$outcome: $tried", async ({ attempt, says }) => {
    expect(await attempt()).toMatch(says);
  });

  it.runIf(problem !== undefined)(`did not run, for there is no sandbox here: ${problem}`, () => {
    expect(problem).toBeTruthy();
  });
});
