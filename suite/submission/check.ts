/**
 * @file The whole check of a pull request, from the difference between two commits to the report. It
 * runs the base's code; what the pull request brings is data here, and code only in the sandbox.
 */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { factsOf } from "../protocol/facts.ts";
import { loadKnowledge } from "../protocol/knowledge.ts";
import { loadTask, loadTasks, tierOf } from "../protocol/tasks.ts";
import { type CellFile, storedFileSchema, type Tier, type Trial } from "../results/schema.ts";
import { listCellFiles, readCellFile } from "../results/store.ts";
import { changedBoards } from "./boards.ts";
import { mergeBase, readBlob, readChanges } from "./changes.ts";
import { type Classified, classify, type Owners } from "./classify.ts";
import {
  askDeclarations,
  type Declared,
  declarationFindings,
  joinedKnowledge,
  questionsOf,
} from "./declared.ts";
import { buildPreview } from "./preview.ts";
import { anyRefused, type Finding } from "./refusal.ts";
import { REPORT_VERSION, type Report } from "./report.ts";
import { chooseTrial, compareRerun, runTrialSandboxed } from "./rerun.ts";
import { type CheckedResult, checkResult } from "./results.ts";
import { treeFor } from "./sandbox.ts";
import { runSmoke, type SmokeOptions } from "./smoke.ts";
import { ownersOf, stageOptimizers } from "./stage.ts";
import { runTests } from "./tests.ts";

export interface CheckRequest {
  /** The base's working tree: the code that runs, and the repository that holds both commits. */
  readonly root: string;
  readonly base: string;
  readonly head: string;
  /** `https://github.com/OWNER/NAME` */
  readonly repository: string;
  /** A trial that took longer is not rerun. */
  readonly rerunSeconds?: number;
  readonly smoke?: SmokeOptions;
  /** Gets the site as it would be; none is built without it. */
  readonly site?: string;
  readonly onProgress?: (message: string) => void;
}

const MAX_LISTED = 200;

/** @throws Error when there is no sandbox, or git cannot read the commits: then there is no report. */
export async function checkPullRequest(request: CheckRequest): Promise<Report> {
  const { root, base, head, onProgress = () => {} } = request;
  const from = mergeBase(root, base, head);
  const owners = await ownersOf(join(root, "optimizers"));
  const classified = classify(readChanges(root, from, head), owners);
  const report = emptyReport(head, classified);
  if (classified.kind === "code" || anyRefused(classified.findings)) {
    return withFindings(report, classified.findings);
  }
  const staged = stageOptimizers(join(root, "optimizers"), root, head, classified);
  try {
    onProgress("declarations");
    return await checkStaged(request, { from, classified, staged, owners, report });
  } finally {
    rmSync(staged, { recursive: true, force: true });
  }
}

interface Staged {
  readonly from: string;
  readonly classified: Classified;
  readonly staged: string;
  readonly owners: Owners;
  readonly report: Report;
}

async function checkStaged(request: CheckRequest, context: Staged): Promise<Report> {
  const { classified, staged, owners, report } = context;
  const { root, onProgress = () => {} } = request;
  const { optimizer } = classified;
  const tree = treeFor(root, staged);
  const texts = classified.results.map(({ path, status }) => ({
    path,
    text: status === "deleted" ? undefined : readBlob(root, request.head, path)?.toString("utf8"),
    before: readBlob(root, context.from, path)?.toString("utf8"),
  }));
  const questions = questionsOf(texts.flatMap(({ text }) => shapeOf(text)));
  const asked = optimizer ? await askDeclarations(optimizer, tree, questions) : undefined;
  const findings = [...classified.findings, ...(asked?.findings ?? [])];
  if (asked?.declared)
    findings.push(...declarationFindings(optimizer as string, asked.declared, owners));
  if (anyRefused(findings)) return withFindings(report, findings);
  const checked = await checkTexts(request, context, texts, asked?.declared, questions);
  findings.push(...checked.flatMap((one) => one.findings));
  const added = checked.flatMap(({ path, file, added }) =>
    file ? added.map((trial) => ({ path, file, trial })) : [],
  );
  onProgress("tests");
  const tests = optimizer ? await runTests(optimizer, staged, tree) : null;
  onProgress("smoke trials");
  const smoke = asked?.declared ? await runSmoke(asked.declared, tree, request.smoke) : [];
  onProgress("one trial again");
  const rerun = anyRefused(findings) ? null : await rerunOne(request, added, tree);
  const preview =
    request.site !== undefined && !anyRefused(findings)
      ? await previewOf(request.site, request, context, texts)
      : false;
  return withFindings(
    {
      ...report,
      preview,
      optimizer: report.optimizer && {
        ...report.optimizer,
        ids: asked?.declared?.optimizers.map(({ id }) => id) ?? [],
      },
      results: {
        files: checked.filter(({ file }) => file).length,
        trials: added.length,
        seconds: added.reduce((sum, { trial }) => sum + trial.cost.seconds.train, 0),
      },
      tests,
      smoke,
      rerun,
      boards: anyRefused(findings) ? [] : await boardsOf(root, checked, texts),
    },
    findings,
  );
}

async function previewOf(
  out: string,
  { root, onProgress = () => {} }: CheckRequest,
  { staged }: Staged,
  texts: readonly { readonly path: string; readonly text: string | undefined }[],
): Promise<boolean> {
  onProgress("the site");
  const results = new Map(
    texts.flatMap(({ path, text }) => (text === undefined ? [] : [[path, text] as const])),
  );
  return buildPreview({ root, optimizers: staged, results, out });
}

/** The file, when it has the shape of one at least. */
function shapeOf(text: string | undefined): CellFile[] {
  try {
    const parsed = storedFileSchema.safeParse(JSON.parse(text ?? ""));
    return parsed.success ? [parsed.data] : [];
  } catch {
    return [];
  }
}

async function checkTexts(
  { repository }: CheckRequest,
  { classified, owners }: Staged,
  texts: readonly { path: string; text: string | undefined; before: string | undefined }[],
  declared: Declared | undefined,
  questions: ReturnType<typeof questionsOf>,
): Promise<CheckedResult[]> {
  const base = await loadKnowledge();
  const owned = [...owners].flatMap(([id, file]) => (file === classified.optimizer ? [id] : []));
  const knowledge = declared ? joinedKnowledge(base, owned, declared, questions) : base;
  const mayReplace = classified.sources.some(
    ({ path }) => !path.includes(".test.") && path.endsWith(".ts"),
  );
  return texts.map(({ path, text, before }) =>
    checkResult(path, text, before, { knowledge, mayReplace, repository }),
  );
}

/** Hosted runners have six hours; a submission should not take one. */
const RERUN_SECONDS = 300;

async function rerunOne(
  { rerunSeconds = RERUN_SECONDS }: CheckRequest,
  added: readonly { path: string; file: CellFile; trial: Trial }[],
  tree: Readonly<Record<string, string>>,
): Promise<Report["rerun"]> {
  const chosen = chooseTrial(added, rerunSeconds);
  if (!chosen) return null;
  const { path, file, trial } = chosen;
  const { cell, device } = file;
  const protocol = tierOf(await loadTask(cell.task), cell.tier);
  const data = await protocol.load({});
  const { hyperparameters, seed } = trial;
  const outcome = await runTrialSandboxed(
    { cell, hyperparameters, seed, threads: device.threads },
    protocol,
    data,
    tree,
    // A hosted core is slower than many, and shared.
    { seconds: 60 + 4 * rerunSeconds },
  );
  const comparison = compareRerun(file, trial, outcome, protocol);
  return { path, key: trial.key, from: added.length, ...comparison };
}

async function boardsOf(
  root: string,
  checked: readonly CheckedResult[],
  texts: readonly { readonly path: string; readonly before: string | undefined }[],
): Promise<Report["boards"]> {
  const results = join(root, "results");
  const touched = new Set(texts.map(({ path }) => join(root, path)));
  // The working tree may be the submitter's own: what it changes is read from the base.
  const before = [
    ...listCellFiles(results)
      .filter((path) => !touched.has(path))
      .map(readCellFile),
    ...texts.flatMap(({ before: text }) => shapeOf(text)),
  ];
  const changed = checked.flatMap(({ file }) => file ?? []);
  const place = ({ cell, arm, device }: CellFile) => JSON.stringify([cell, arm, device.class]);
  const places = new Set(changed.map(place));
  const tasks = new Map((await loadTasks()).map((task) => [task.id, task]));
  return changedBoards({
    before,
    now: [...before.filter((file) => !places.has(place(file))), ...changed],
    optimizers: new Set(changed.map(({ cell }) => cell.optimizer)),
    facts: (task, tier: Tier) =>
      factsOf(tasks.get(task) as NonNullable<ReturnType<typeof tasks.get>>, tier),
  }).slice(0, 20);
}

function emptyReport(head: string, { kind, optimizer, isNew }: Classified): Report {
  return {
    version: REPORT_VERSION,
    head,
    kind,
    optimizer: optimizer === undefined ? null : { file: optimizer, ids: [], isNew },
    results: { files: 0, trials: 0, seconds: 0 },
    findings: [],
    moreFindings: 0,
    tests: null,
    smoke: [],
    rerun: null,
    boards: [],
    preview: false,
  };
}

/** Refusals first; texts cut to what the schema takes. */
function withFindings(report: Report, findings: readonly Finding[]): Report {
  const sorted = [...findings].sort((a, b) => (a.level < b.level ? 1 : a.level > b.level ? -1 : 0));
  const listed = sorted.slice(0, MAX_LISTED).map(({ level, rule, where, message }) => ({
    level,
    rule,
    where: where.slice(0, 300),
    message: message.slice(0, 600),
  }));
  return {
    ...report,
    findings: listed,
    moreFindings: sorted.slice(MAX_LISTED).filter(({ level }) => level === "refused").length,
  };
}
