/** @file The report as the one comment of a pull request. Everything that it quotes is escaped. */
import { formatInterval, formatScore, formatSeconds } from "../analysis/format.ts";
import { METRICS } from "../analysis/metric.ts";
import { plural } from "../analysis/words.ts";
import { OUTLIER } from "./boards.ts";
import { quoted } from "./escape.ts";
import { type BoardChange, outcomeOf, type Report } from "./report.ts";

/** By this the bot finds its own comment again. */
export const MARKER = "<!-- crossover-submission -->";

/** GitHub takes 65,536 characters. */
const MAX_COMMENT = 60_000;

/** Rows of a table; the rest stands in the artifact. */
const MAX_ROWS = 40;

export interface CommentContext {
  /** Address of the run of the submission workflow. */
  readonly runUrl: string;
  /** The author has no merged pull request here yet. */
  readonly firstTime: boolean;
}

/** Markdown for GitHub. */
export function commentText(report: Report, context: CommentContext): string {
  const { findings, moreFindings } = report;
  const refusals = findings.filter(({ level }) => level === "refused").length + moreFindings;
  return render(report, { ...context, outcome: outcomeOf(report), refusals, hidden: 0 });
}

interface RenderContext extends CommentContext {
  readonly outcome: ReturnType<typeof outcomeOf>;
  readonly refusals: number;
  /** Findings left out because GitHub's comments have a limit. */
  readonly hidden: number;
}

function render(report: Report, context: RenderContext): string {
  const sections = [
    MARKER,
    headline(report, context),
    checklist(report, context),
    findingsText(report, context),
    smokeText(report),
    ...report.boards.map(boardText),
    repeatText(report, context),
    report.kind === "submission" && context.firstTime ? guidance(context) : "",
    `<sub>Checked at commit ${report.head}. Updated in place with every push; [the run](${context.runUrl}) has the log. Nothing from a fork is published.</sub>`,
  ];
  const text = sections.filter((section) => section !== "").join("\n\n");
  if (text.length <= MAX_COMMENT) return text;
  const { findings, boards } = report;
  const kept = boards.length > 0 ? findings : findings.slice(0, Math.floor(findings.length / 2));
  const hidden = context.hidden + findings.length - kept.length;
  return render({ ...report, boards: [], findings: kept }, { ...context, hidden });
}

/** When there is no report that could be believed. */
export function failureText(reason: string, runUrl: string): string {
  return [
    MARKER,
    "### The check did not finish",
    `${quoted(reason, 400)}`,
    `Nothing was measured, so nothing is said about the results. [The run](${runUrl}) has the log; pushing again repeats the check.`,
  ].join("\n\n");
}

function headline({ results, optimizer }: Report, { outcome }: RenderContext): string {
  if (outcome === "code") {
    return "### Code, no submission\n\nIt touches neither `optimizers/` nor `results/`, so the `ci` workflow alone checks it.";
  }
  const what = optimizer
    ? `${optimizer.isNew ? "Adds" : "Changes"} ${quoted(optimizer.file)}${optimizer.ids.length > 0 ? `: ${optimizer.ids.map((id) => quoted(id)).join(", ")}` : ""}`
    : "Adds results";
  const cost = results.trials > 0 ? `, made in ${formatSeconds(results.seconds)} of training` : "";
  const title = outcome === "valid" ? "### ✓ Valid submission" : "### ✗ Not yet";
  return `${title}\n\n${what}; ${plural(results.trials, "new trial")} in ${plural(results.files, "result file")}${cost}.`;
}

/** Ticked here, never by hand. */
function checklist(
  { kind, optimizer, tests, smoke, rerun, results }: Report,
  { refusals }: RenderContext,
): string {
  if (kind === "code") return "";
  const lines: [boolean, string][] = [
    [
      refusals === 0,
      refusals === 0
        ? "files and results are valid"
        : `${plural(refusals, "finding")} below must be solved`,
    ],
  ];
  if (optimizer) {
    const ok = tests !== null && tests.failed === 0 && tests.passed > 0 && tests.problem === null;
    const words = tests
      ? `its tests in the sandbox: ${tests.passed} passed, ${tests.failed} failed${tests.problem ? ` (${quoted(tests.problem)})` : ""}`
      : "its tests in the sandbox: not run";
    lines.push([ok, words]);
    const good = smoke.length > 0 && smoke.every(({ problem }) => problem === null);
    lines.push([good, `smoke trials: ${smoke.length === 0 ? "not run" : smokeWords(smoke)}`]);
  }
  if (results.trials > 0) {
    const ok = rerun?.verdict === "same bits" || rerun?.verdict === "within tolerance";
    lines.push([ok, `one trial rerun: ${rerunWords(rerun)}`]);
  }
  return lines.map(([done, words]) => `- [${done ? "x" : " "}] ${words}`).join("\n");
}

const smokeWords = (smoke: Report["smoke"]): string => {
  const bad = smoke.filter(({ problem }) => problem !== null).length;
  return bad === 0
    ? `${smoke.length} of ${smoke.length} finished`
    : `${bad} of ${smoke.length} did not finish`;
};

function rerunWords(rerun: Report["rerun"]): string {
  if (!rerun) return "none fits this runner (a maintainer reruns one)";
  const { verdict, recorded, now, tolerance, sameProcessor, path, key, from } = rerun;
  const values = `now ${now ?? "nothing"}, recorded ${recorded ?? "nothing"}`;
  const words = {
    "same bits": `same bits (${values})`,
    "within tolerance": `within the task's tolerance of ${tolerance} on another processor model (${values})`,
    differs: `**differs** (${values}; ${sameProcessor ? "on the same processor model the bits must be the same" : `the tolerance is ${tolerance}`})`,
    failed: "**failed**: it could not be trained or evaluated",
  }[verdict];
  return `${words}, ${quoted(key.slice(0, 10))} of ${quoted(path)}, by chance among ${from}`;
}

function findingsText({ findings, moreFindings }: Report, { hidden }: RenderContext): string {
  if (findings.length + hidden === 0) return "";
  const rows = findings
    .slice(0, MAX_ROWS)
    .map(({ level, rule, where, message }) =>
      [
        level === "refused" ? "✗" : "note",
        quoted(rule),
        where ? quoted(where) : "",
        quoted(message, 400),
      ].join(" | "),
    );
  const more = findings.length - rows.length + moreFindings + hidden;
  return [
    "#### Findings",
    `| | rule | where | what |\n| --- | --- | --- | --- |\n${rows.map((row) => `| ${row} |`).join("\n")}`,
    more > 0 ? `And ${more} more.` : "",
  ]
    .filter(Boolean)
    .join("\n\n");
}

function smokeText({ smoke }: Report): string {
  if (smoke.length === 0) return "";
  const rows = smoke.map(
    ({ optimizer, task, batchSize, score, metric, chance, seconds, problem }) =>
      [
        quoted(optimizer),
        quoted(task),
        `${batchSize}`,
        problem === null
          ? formatScore(METRICS[metric], score ?? Number.NaN)
          : `✗ ${quoted(problem)}`,
        chance === null ? "–" : formatScore(METRICS[metric], chance),
        formatSeconds(seconds),
      ].join(" | "),
  );
  return `#### Smoke trials (trained in the sandbox, evaluated outside; no board)\n\n| optimizer | task | batch | test | chance | time |\n| --- | --- | --- | --- | --- | --- |\n${rows.map((row) => `| ${row} |`).join("\n")}`;
}

function boardText(board: BoardChange): string {
  const { task, tier, axis, fixed, points, crossovers, missing, metric } = board;
  const size = axis === "batch" ? "batch size" : "dataset size";
  const other = axis === "batch" ? "dataset size" : "batch size";
  const score = (one: BoardChange["points"][number]["now"]) => {
    if (!one) return "–";
    const error = one.standardError ?? Number.NaN;
    const range = formatInterval(METRICS[metric], one.interval, error);
    return `${formatScore(METRICS[metric], one.score, error)} (${range})`;
  };
  const rows = points
    .slice(0, MAX_ROWS)
    .map(({ optimizer, position, before, now, outlier }) =>
      [
        quoted(optimizer),
        `${position}`,
        score(before),
        score(now),
        outlier !== null && outlier > OUTLIER
          ? `${outlier.toFixed(1)} standard errors off its neighbours`
          : "",
      ].join(" | "),
    );
  const more = points.length - rows.length;
  const moved = crossovers.map(
    ({ challenger, baseline, before, now }) =>
      `- ${quoted(challenger)} over ${quoted(baseline)}: ${now === null ? "none" : quoted(now)}${before === null ? "" : ` (before: ${quoted(before)})`}`,
  );
  const gaps = [...new Set(missing.map(({ optimizer }) => optimizer))].map((optimizer) => {
    const positions = missing
      .filter((one) => one.optimizer === optimizer)
      .map(({ position }) => position);
    return `- ${quoted(optimizer)} lacks ${size} ${positions.join(", ")}`;
  });
  return [
    `#### ${quoted(task)}, tier ${quoted(tier)}: ${METRICS[metric].name} by ${size} (${other} ${fixed})`,
    `| optimizer | ${size} | before | now (95%) | |\n| --- | --- | --- | --- | --- |\n${rows.map((row) => `| ${row} |`).join("\n")}`,
    more > 0 ? `And ${more} points more.` : "",
    moved.length > 0 ? `Crossovers that moved:\n${moved.join("\n")}` : "No crossover moved.",
    gaps.length > 0 ? `Missing cells:\n${gaps.join("\n")}` : "",
  ]
    .filter(Boolean)
    .join("\n\n");
}

/** Commands are made of what the schema allows, and never copied from a result file. */
function repeatText(
  { rerun, optimizer, kind, preview }: Report,
  { runUrl }: CommentContext,
): string {
  if (kind === "code") return "";
  const commands = [
    ...(optimizer ? [`npm test -- optimizers/${optimizer.file}`] : []),
    ...(rerun && isResultPath(rerun.path)
      ? [`npm run reproduce -- ${rerun.path}#${rerun.key}`]
      : []),
    "npm run validate",
  ];
  const site = preview
    ? `\n\nThe site with these results: artifact \`site-preview\` of [the run](${runUrl}).`
    : "";
  return `#### Repeat it\n\n\`\`\`sh\n${commands.join("\n")}\n\`\`\`${site}`;
}

const isResultPath = (path: string): boolean => /^results\/[a-z0-9./-]+\.json$/.test(path);

function guidance({ outcome }: RenderContext): string {
  const next =
    outcome === "valid"
      ? "A maintainer looks at it within a week; nothing else is asked of you now."
      : "Solve what is marked above and push again: this comment follows. Questions are welcome right here.";
  return `#### Welcome\n\nThis is your first pull request here: thank you. ${next} How a submission is checked, and why: CONTRIBUTING, "Security of submissions".`;
}
