/** @file Hostile pull requests, by what they change. */
import type { Change } from "../changes.ts";
import { classify } from "../classify.ts";
import type { HostileCase } from "./hostile.ts";

const OWNERS = new Map([
  ["sgd", "sgd"],
  ["nesterov", "sgd"],
  ["kfac", "kfac"],
]);

const added = (path: string, more: Partial<Change> = {}): Change => ({
  status: "added",
  path,
  mode: "100644",
  size: 100,
  ...more,
});

const MINE = [added("optimizers/mine.ts"), added("optimizers/mine.test.ts")];
const RESULT = "results/mini/mnist-mlp/board/mine/b64-n50000.onnxruntime-cpu-x-t1.json";

const refusals = (changes: readonly Change[]): string =>
  classify(changes, OWNERS)
    .findings.filter(({ level }) => level === "refused")
    .map(({ rule, where, message }) => `${rule}: ${where}: ${message}`)
    .join("\n");

const beside = (tried: string, change: Change, says: RegExp): HostileCase => ({
  tried,
  door: "difference",
  outcome: "refused",
  attempt: () => refusals([...MINE, change]),
  says,
});

export const DIFFERENCES: readonly HostileCase[] = [
  beside(
    "a new dependency in `package.json`",
    { ...added("package.json"), status: "modified" },
    /^dependencies: package\.json/,
  ),
  beside(
    "another dependency behind the lock file",
    { ...added("package-lock.json"), status: "modified" },
    /^dependencies/,
  ),
  beside("an `.npmrc` that turns install scripts on", added(".npmrc"), /^dependencies/),
  beside(
    "a changed harness in the same pull request",
    { ...added("suite/train/evaluation.ts"), status: "modified" },
    /^harness: suite\/train/,
  ),
  beside(
    "a changed task in the same pull request",
    { ...added("tasks/mnist-mlp/index.ts"), status: "modified" },
    /^harness: tasks/,
  ),
  beside(
    "a workflow that posts a forged report",
    { ...added(".github/workflows/report.yml"), status: "modified" },
    /^workflow/,
  ),
  beside("a changed CI script", { ...added(".ci/run"), status: "modified" }, /^workflow/),
  beside(
    "a `vitest.config.ts` that runs more",
    { ...added("vitest.config.ts"), status: "modified" },
    /^configuration/,
  ),
  beside(
    "a `.gitattributes` that hides files from review",
    added(".gitattributes"),
    /^configuration/,
  ),
  beside("the paper's own numbers, changed", added("results/reference/fig1.json"), /^reference/),
  beside(
    "another's results, changed",
    { ...added(RESULT.replace("mine", "kfac")), status: "modified" },
    /^another's results: results\/mini\/mnist-mlp\/board\/kfac/,
  ),
  beside(
    "another's results, deleted",
    { ...added(RESULT.replace("mine", "nesterov")), status: "deleted" },
    /^another's results/,
  ),
  beside(
    "another's optimizer, changed",
    { ...added("optimizers/sgd.ts"), status: "modified" },
    /^one optimizer: : files of mine, sgd/,
  ),
  beside(
    "another's optimizer, deleted",
    { ...added("optimizers/kfac.ts"), status: "deleted" },
    /deletion: optimizers\/kfac\.ts/,
  ),
  beside(
    "path traversal: `results/../suite/cli/run.ts`",
    added("results/../suite/cli/run.ts"),
    /^path: .*leaves its folder/,
  ),
  beside("an absolute path", added("/etc/cron.d/job"), /^path: .*leaves its folder/),
  beside(
    "a backslash that is a folder elsewhere",
    added("optimizers\\..\\suite\\x.ts"),
    /^path: .*U\+005C/,
  ),
  beside("a symbolic link as a result", added(RESULT, { mode: "120000" }), /^symbolic link/),
  beside(
    "a symbolic link as the test",
    added("optimizers/oracles/mine.json", { mode: "120000" }),
    /^symbolic link/,
  ),
  beside("a submodule", added("optimizers/oracles/mine.py", { mode: "160000" }), /^submodule/),
  beside(
    "an executable file",
    added("optimizers/oracles/mine.py", { mode: "100755" }),
    /^file mode/,
  ),
  beside(
    "a look-alike name with a Cyrillic letter",
    added("optimizers/k\u0444ac.ts"),
    /^path: .*U\+0444/,
  ),
  beside(
    "a name with a right-to-left override",
    added("optimizers/mine\u202Etset.ts"),
    /^path: .*U\+202E/,
  ),
  beside("a name with a zero-width space", added("optimizers/kfac\u200B.ts"), /^path: .*U\+200B/),
  beside(
    "a name with a line break and a shell command",
    added("optimizers/a\n$(id).ts"),
    /^path: [\s\S]*U\+000A/,
  ),
  beside("a name that differs only in case", added("optimizers/SGD.ts"), /^outside/),
  beside(
    "a module hidden below `node_modules`",
    added("optimizers/node_modules/zod/index.js"),
    /^outside/,
  ),
  beside(
    "a giant source file",
    added("optimizers/oracles/mine.json", { size: 3e8 }),
    /^size: .*300000000 bytes/,
  ),
  beside("a giant result file", added(RESULT, { size: 1e9 }), /^size/),
  beside("results of tier `smoke`", added(RESULT.replace("/mini/", "/smoke/")), /^tier smoke/),
  beside(
    "a result at a path that no cell has",
    added("results/mini/mnist-mlp/board/mine/best.json"),
    /^outside/,
  ),
  {
    tried: "an optimizer without a test",
    door: "difference",
    outcome: "refused",
    attempt: () => refusals([added("optimizers/mine.ts")]),
    says: /^no test/,
  },
  {
    tried: "ten thousand files",
    door: "difference",
    outcome: "refused",
    attempt: () =>
      refusals(Array.from({ length: 10_000 }, (_, i) => added(RESULT.replace("b64", `b${i + 1}`)))),
    says: /^too many files: : 10000 files/,
  },
];
