/** @file A submitted optimizer's tests, and the conformance suite whatever they are, in the sandbox. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { plainText } from "./declared.ts";
import type { Report } from "./report.ts";
import { INSIDE, runSandboxed, type SandboxRequest, withFolders } from "./sandbox.ts";

const resultsSchema = z.object({
  numPassedTests: z.number().int().nonnegative(),
  numFailedTests: z.number().int().nonnegative(),
  numFailedTestSuites: z.number().int().nonnegative(),
  testResults: z.array(z.object({ name: z.string(), status: z.string() })),
});

export type TestsOutcome = NonNullable<Report["tests"]>;

/** Beside the submitted file: a submission cannot have a file of this name, for it has no owner. */
const CONFORMANCE = "conformance-of-submission.test.ts";

const conformanceText = (
  name: string,
) => `import { describeConformance } from "../suite/optimizer/conformance.ts";
import * as file from "./${name}.ts";

describeConformance(file);
`;

const configText = (name: string) => `export default {
  root: "${INSIDE.tree}",
  cacheDir: "/tmp/vite",
  test: {
    include: ["optimizers/${name}.test.ts", "optimizers/${CONFORMANCE}"],
    pool: "forks",
    maxWorkers: 1,
    testTimeout: 60000,
    reporters: ["json"],
    outputFile: "${INSIDE.output}/tests.json",
  },
};
`;

/**
 * Runs `optimizers/<name>.test.ts` and the conformance suite. A submission can forge the outcome of
 * its own tests and no other's: that is for the person who reads its code.
 *
 * @param optimizers the staged folder; the conformance test is written into it
 */
export async function runTests(
  name: string,
  optimizers: string,
  readable: SandboxRequest["readable"],
): Promise<TestsOutcome> {
  return withFolders(async (input, output) => {
    writeFileSync(join(optimizers, CONFORMANCE), conformanceText(name));
    writeFileSync(join(input, "vitest.config.mjs"), configText(name));
    const run = await runSandboxed({
      command: [
        ...["node", `${INSIDE.tree}/node_modules/vitest/vitest.mjs`, "run"],
        ...["--config", `${INSIDE.input}/vitest.config.mjs`, "--configLoader", "runner"],
      ],
      readable: { ...readable, [INSIDE.input]: input },
      output,
      limits: { seconds: 300 },
    });
    const none = { passed: 0, failed: 0 };
    if (run.end === "stopped") return { ...none, problem: `stopped: ${run.reason}` };
    const parsed = resultsSchema.safeParse(
      safeJson(plainText(join(output, "tests.json"), 16 << 20)),
    );
    if (!parsed.success) return { ...none, problem: "the tests did not come to their end" };
    const { numPassedTests, numFailedTests, testResults } = parsed.data;
    const broken = testResults.filter(({ status }) => status !== "passed").length;
    const problem =
      testResults.length < 2
        ? "its test or the conformance suite did not run"
        : numFailedTests === 0 && broken > 0
          ? `${broken} test files did not load`
          : null;
    return { passed: numPassedTests, failed: numFailedTests, problem };
  });
}

function safeJson(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? "");
  } catch {
    return undefined;
  }
}
