/**
 * @file What the check of a pull request found: the artifact between the job that may run a submission
 * and has no rights, and the job that has rights and runs nothing of it. Read as untrusted data.
 */
import { z } from "zod";

export const REPORT_VERSION = 1;
export const MAX_REPORT_BYTES = 512 * 1024;

const text = (most: number) => z.string().max(most);
const name = text(80);
const count = z.number().int().nonnegative();
const number = z.number().finite().nullable();
const interval = z.strictObject({ low: z.number().finite(), high: z.number().finite() }).nullable();

const metric = z.enum(["test-accuracy", "test-loss", "train-accuracy", "train-loss"]);

/** Names that commands are made of. */
const slug = z
  .string()
  .max(80)
  .regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/);

const findingSchema = z.strictObject({
  level: z.enum(["refused", "note"]),
  rule: name,
  where: text(300),
  message: text(600),
});

const scoreSchema = z.strictObject({
  score: z.number().finite(),
  standardError: number,
  interval,
  seeds: count,
});

const boardSchema = z.strictObject({
  task: name,
  tier: name,
  axis: z.enum(["batch", "dataset"]),
  metric,
  /** The size that the board holds fixed. */
  fixed: count,
  points: z
    .array(
      z.strictObject({
        optimizer: name,
        position: count,
        before: scoreSchema.nullable(),
        now: scoreSchema.nullable(),
        /** Standard errors between the score and what its neighbours lead to expect. */
        outlier: number,
      }),
    )
    .max(300),
  crossovers: z
    .array(
      z.strictObject({
        challenger: name,
        baseline: name,
        before: text(300).nullable(),
        now: text(300).nullable(),
      }),
    )
    .max(200),
  missing: z.array(z.strictObject({ optimizer: name, position: count })).max(300),
});

export const reportSchema = z.strictObject({
  version: z.literal(REPORT_VERSION),
  head: z.string().regex(/^[0-9a-f]{40}$/),
  kind: z.enum(["submission", "code"]),
  optimizer: z
    .strictObject({ file: slug, ids: z.array(slug).max(20), isNew: z.boolean() })
    .nullable(),
  /** Files and trials that the pull request adds. */
  results: z.strictObject({ files: count, trials: count, seconds: z.number().nonnegative() }),
  findings: z.array(findingSchema).max(200),
  /** Findings beyond those listed. */
  moreFindings: count,
  tests: z.strictObject({ passed: count, failed: count, problem: text(300).nullable() }).nullable(),
  smoke: z
    .array(
      z.strictObject({
        optimizer: name,
        task: name,
        batchSize: count,
        score: number,
        metric,
        chance: z.number().finite().nullable(),
        seconds: z.number().nonnegative(),
        problem: text(300).nullable(),
      }),
    )
    .max(40),
  rerun: z
    .strictObject({
      path: text(300),
      key: z.string().regex(/^[0-9a-f]{32}$/),
      verdict: z.enum(["same bits", "within tolerance", "differs", "failed"]),
      recorded: number,
      now: number,
      tolerance: z.number().nonnegative(),
      sameProcessor: z.boolean(),
      /** Trials that it was chosen from. */
      from: count,
    })
    .nullable(),
  boards: z.array(boardSchema).max(20),
  preview: z.boolean(),
});

export type Report = z.infer<typeof reportSchema>;
export type BoardChange = Report["boards"][number];

/** Whether the submission may stand: nothing refused, and everything that ran, ran well. */
export function outcomeOf(report: Report): "valid" | "refused" | "code" {
  if (report.kind === "code") return "code";
  const { findings, moreFindings, tests, smoke, rerun, optimizer } = report;
  const bad =
    findings.some(({ level }) => level === "refused") ||
    moreFindings > 0 ||
    smoke.some(({ problem }) => problem !== null) ||
    rerun?.verdict === "differs" ||
    rerun?.verdict === "failed" ||
    (optimizer !== null &&
      (tests === null || tests.failed > 0 || tests.passed === 0 || tests.problem !== null));
  return bad ? "refused" : "valid";
}

/**
 * The report in `text`.
 *
 * @throws Error when it is none: too large, no JSON, or anything that the schema does not have.
 */
export function parseReport(text: string): Report {
  if (Buffer.byteLength(text) > MAX_REPORT_BYTES) {
    throw new Error(`The report takes more than ${MAX_REPORT_BYTES} bytes.`);
  }
  const parsed = reportSchema.safeParse(JSON.parse(text));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new Error(`The report is none: ${issue?.path.join(".")}: ${issue?.message}`);
}
