/** @file GitHub's REST API, as far as the bot needs it: retries, rate limits, pages, and no trust. */
import { strFromU8, unzipSync } from "fflate";
import { Octokit } from "octokit";
import { MAX_REPORT_BYTES } from "./report.ts";

export interface Repository {
  readonly owner: string;
  readonly repo: string;
}

export interface ClientOptions {
  readonly token: string;
  /** Another address than GitHub's own: an enterprise server, or a test's. */
  readonly baseUrl?: string;
  /** Milliseconds that a second of waiting takes; tests are in a hurry. */
  readonly second?: number;
}

/** How often a request is sent again when GitHub asks to wait, or fails. */
const RETRIES = 3;
/** Longer waits are the next run's. */
const MAX_WAIT_SECONDS = 900;

export type Client = InstanceType<typeof Octokit>;

/** A client that waits when GitHub says so, and gives up in the end. */
export function githubClient({ token, baseUrl, second = 1000 }: ClientOptions): Client {
  const mayWait = (seconds: number, _: unknown, __: unknown, retries: number) =>
    retries < RETRIES && seconds <= MAX_WAIT_SECONDS;
  return new Octokit({
    auth: token,
    ...(baseUrl && { baseUrl }),
    userAgent: "crossover-submissions",
    log: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
    retry: { retries: RETRIES, retryAfterBaseValue: second },
    throttle: {
      retryAfterBaseValue: second,
      onRateLimit: mayWait,
      onSecondaryRateLimit: mayWait,
    },
  });
}

export interface PullRequest {
  readonly number: number;
  readonly head: string;
  readonly author: string;
  readonly firstTime: boolean;
  readonly changedFiles: number;
}

export interface WorkflowRun {
  readonly head: string;
  readonly url: string;
  /** `owner:branch` of the pull request's head. */
  readonly label: string;
}

const FIRST_TIME = ["FIRST_TIMER", "FIRST_TIME_CONTRIBUTOR", "NONE"];

/** The run that the event named, by its number: nothing else of the event is used. */
export async function readRun(client: Client, where: Repository, id: number): Promise<WorkflowRun> {
  const { data } = await client.rest.actions.getWorkflowRun({ ...where, run_id: id });
  if (data.event !== "pull_request") {
    throw new Error(`Run ${id} is of a ${data.event} event, not of a pull request.`);
  }
  const owner = data.head_repository?.owner?.login;
  if (!owner || !data.head_branch) throw new Error(`The head of run ${id} is gone.`);
  return { head: data.head_sha, url: data.html_url, label: `${owner}:${data.head_branch}` };
}

/** The open pull request whose head is exactly the run's; undefined when it has moved on. */
export async function findPullRequest(
  client: Client,
  where: Repository,
  { head, label }: WorkflowRun,
): Promise<PullRequest | undefined> {
  const open = await client.paginate(client.rest.pulls.list, {
    ...where,
    state: "open",
    head: label,
    per_page: 100,
  });
  const matching = open.filter((one) => one.head.sha === head);
  if (matching.length !== 1) return undefined;
  const { data } = await client.rest.pulls.get({
    ...where,
    pull_number: (matching[0] as { number: number }).number,
  });
  if (data.head.sha !== head) return undefined;
  return {
    number: data.number,
    head,
    author: data.user.login,
    firstTime: FIRST_TIME.includes(data.author_association),
    changedFiles: data.changed_files,
  };
}

/** GitHub lists no more. */
const MAX_LISTED_FILES = 3000;

/**
 * Every path that the pull request changes, as GitHub itself says; both names of a renamed file.
 *
 * @throws Error when there are more than GitHub lists.
 */
export async function changedPaths(
  client: Client,
  where: Repository,
  { number, changedFiles }: PullRequest,
): Promise<string[]> {
  if (changedFiles > MAX_LISTED_FILES) {
    throw new Error(`It changes ${changedFiles} files; GitHub lists ${MAX_LISTED_FILES}.`);
  }
  const files = await client.paginate(client.rest.pulls.listFiles, {
    ...where,
    pull_number: number,
    per_page: 100,
  });
  if (files.length < changedFiles) throw new Error("GitHub did not list every changed file.");
  return files.flatMap((file) => [
    file.filename,
    ...(file.previous_filename ? [file.previous_filename] : []),
  ]);
}

export const ARTIFACT = "submission-report";
const REPORT_FILE = "report.json";
const MAX_ZIP_BYTES = 1024 * 1024;

/**
 * The text of `report.json` from the run's one artifact of that name.
 *
 * @throws Error for none, two, too large a one, or one without exactly that file.
 */
export async function downloadReport(
  client: Client,
  where: Repository,
  run: number,
): Promise<string> {
  const all = await client.paginate(client.rest.actions.listWorkflowRunArtifacts, {
    ...where,
    run_id: run,
    per_page: 100,
  });
  const artifacts = all.filter(({ name, expired }) => name === ARTIFACT && !expired);
  const [artifact] = artifacts;
  if (!artifact || artifacts.length > 1) {
    throw new Error(`The run left ${artifacts.length} artifacts "${ARTIFACT}", not one.`);
  }
  if (artifact.size_in_bytes > MAX_ZIP_BYTES) {
    throw new Error(
      `The artifact takes ${artifact.size_in_bytes} bytes; at most ${MAX_ZIP_BYTES}.`,
    );
  }
  const { data } = await client.rest.actions.downloadArtifact({
    ...where,
    artifact_id: artifact.id,
    archive_format: "zip",
  });
  return unpackReport(new Uint8Array(data as ArrayBuffer));
}

/** Only that one file is unpacked, whatever else the archive holds, and no more of it than declared. */
export function unpackReport(zip: Uint8Array): string {
  if (zip.byteLength > MAX_ZIP_BYTES) throw new Error("The artifact is larger than it said.");
  const files = unzipSync(zip, {
    filter: ({ name, originalSize }) => name === REPORT_FILE && originalSize <= MAX_REPORT_BYTES,
  });
  const report = files[REPORT_FILE];
  if (!report) throw new Error(`The artifact holds no ${REPORT_FILE} of a sensible size.`);
  return strFromU8(report);
}
