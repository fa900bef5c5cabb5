/**
 * @file The job with write rights: from a finished run of the submission workflow to the comment. It
 * runs code of the default branch only, asks GitHub itself what the pull request is, and reads the
 * artifact as untrusted data. Whatever it cannot make sure of, it does not repeat.
 */
import { commentText, failureText } from "./comment.ts";
import {
  type Client,
  changedPaths,
  downloadReport,
  findPullRequest,
  type PullRequest,
  type Repository,
  readRun,
  type WorkflowRun,
} from "./github.ts";
import { outcomeOf, parseReport, type Report } from "./report.ts";
import { LABELS, setLabel, upsertComment } from "./say.ts";

export interface Published {
  /** What was done, in words for the log. */
  readonly said: string;
  /** The report was read and repeated. */
  readonly believed: boolean;
}

/** @throws Error when GitHub cannot be asked, or refuses to be told. */
export async function publishReport(
  client: Client,
  where: Repository,
  runId: number,
): Promise<Published> {
  const run = await readRun(client, where, runId);
  const pull = await findPullRequest(client, where, run);
  if (!pull) return { said: "no open pull request has this head any more", believed: false };
  const paths = await changedPaths(client, where, pull);
  const machinery = paths.filter((path) => !/^(optimizers|results)\//.test(path));
  if (machinery.length === paths.length) {
    await setLabel(client, where, pull.number, undefined);
    return { said: "code, no submission: nothing to say", believed: false };
  }
  if (machinery.length > 0) return saySplit(client, where, pull, run, machinery);
  let report: Report;
  try {
    report = parseReport(await downloadReport(client, where, runId));
    if (report.head !== run.head) throw new Error("The report is about another commit.");
  } catch (error) {
    return sayFailure(client, where, pull, run, error as Error);
  }
  const { firstTime, number } = pull;
  const done = await upsertComment(
    client,
    where,
    number,
    commentText(report, { runUrl: run.url, firstTime }),
  );
  const outcome = outcomeOf(report);
  await setLabel(client, where, number, outcome === "code" ? undefined : outcome);
  return { said: `#${number}: comment ${done}, ${outcome}`, believed: true };
}

/**
 * A submission beside changes to what checks it: its run may have used those, so the report counts for
 * nothing and is not even read.
 */
async function saySplit(
  client: Client,
  where: Repository,
  { number }: PullRequest,
  { url }: WorkflowRun,
  machinery: readonly string[],
): Promise<Published> {
  const some = machinery.slice(0, 5).join(", ");
  const more = machinery.length > 5 ? ` and ${machinery.length - 5} more` : "";
  const reason = `This changes a submission and what checks it: ${some}${more}. Open two pull requests.`;
  await upsertComment(client, where, number, failureText(reason, url));
  await setLabel(client, where, number, "refused");
  return { said: `#${number}: ${LABELS.refused}, it must be split`, believed: false };
}

async function sayFailure(
  client: Client,
  where: Repository,
  { number }: PullRequest,
  { url }: WorkflowRun,
  { message }: Error,
): Promise<Published> {
  await upsertComment(client, where, number, failureText(message, url));
  await setLabel(client, where, number, "unchecked");
  return { said: `#${number}: ${LABELS.unchecked}: ${message}`, believed: false };
}
