/** @file A repository with one pull request, one run and one artifact, on the loopback server. */
import { strToU8, zipSync } from "fflate";
import { Octokit } from "octokit";
import type { Client } from "../github.ts";
import { BOT } from "../say.ts";
import { type Answer, type Loopback, loopbackGithub } from "./loopback-github.ts";
import { HEAD } from "./made-report.ts";
import { sample } from "./sample.ts";

/** A client that does not spread its writes over seconds, and tries nothing twice. */
export const hastyClient = (baseUrl: string): Client =>
  new Octokit({ baseUrl, auth: "t", throttle: { enabled: false }, retry: { enabled: false } });

const BASE = "/repos/{owner}/{repo}";

export interface World {
  /** Head of the pull request now. */
  head: string;
  files: string[];
  renamedFrom?: string;
  event: string;
  zip: Uint8Array;
  artifacts: { name: string; size?: number; expired?: boolean }[];
  comments: { id: number; login: string; body: string }[];
  labels: string[];
  issues: { title: string; body: string }[];
  association: string;
}

export const zipOf = (files: Readonly<Record<string, string>>): Uint8Array =>
  zipSync(Object.fromEntries(Object.entries(files).map(([name, text]) => [name, strToU8(text)])));

export const madeWorld = (report: unknown): World => ({
  head: HEAD,
  files: ["optimizers/mine.ts", "optimizers/mine.test.ts"],
  event: "pull_request",
  zip: zipOf({ "report.json": JSON.stringify(report) }),
  artifacts: [{ name: "submission-report" }],
  comments: [],
  labels: [],
  issues: [],
  association: "CONTRIBUTOR",
});

const user = (login: string) => sample("simple-user", { login });

/** GitHub with this in it; what the bot writes changes it. */
export function serve(world: World): Promise<Loopback> {
  const comment = ({ id, login, body }: World["comments"][number]) =>
    sample("issue-comment", { id, body, user: user(login) });
  const label = (name: string) => sample("label", { name });
  const head = {
    label: "ada:mine",
    ref: "mine",
    sha: world.head,
    user: user("ada"),
    repo: sample("repository"),
  };
  return loopbackGithub({
    [`GET ${BASE}/actions/runs/{run_id}`]: () => ({
      body: sample("workflow-run", {
        event: world.event,
        head_sha: HEAD,
        head_branch: "mine",
        head_repository: sample("minimal-repository", { owner: user("ada") }),
        html_url: "https://github.com/o/r/actions/runs/7",
      }),
    }),
    [`GET ${BASE}/pulls`]: () => [
      sample("pull-request-simple", { number: 5, head: { ...head, sha: world.head } }),
    ],
    [`GET ${BASE}/pulls/{pull_number}`]: () => ({
      body: sample("pull-request", {
        number: 5,
        head: { ...head, sha: world.head },
        user: user("ada"),
        author_association: world.association,
        changed_files: world.files.length,
      }),
    }),
    [`GET ${BASE}/pulls/{pull_number}/files`]: () =>
      world.files.map((filename, i) =>
        sample("diff-entry", {
          filename,
          ...(i === 0 && world.renamedFrom && { previous_filename: world.renamedFrom }),
        }),
      ),
    [`GET ${BASE}/actions/runs/{run_id}/artifacts`]: (): Answer => ({
      body: {
        total_count: world.artifacts.length,
        artifacts: world.artifacts.map(({ name, size = 1000, expired = false }) =>
          sample("artifact", { id: 9, name, size_in_bytes: size, expired }),
        ),
      },
    }),
    [`GET ${BASE}/actions/artifacts/{artifact_id}/zip`]: () => ({ body: world.zip }),
    [`GET ${BASE}/issues/{issue_number}/comments`]: () => world.comments.map(comment),
    [`POST ${BASE}/issues/{issue_number}/comments`]: ({ body }) => {
      const made = {
        id: 100 + world.comments.length,
        login: BOT,
        body: (body as { body: string }).body,
      };
      world.comments.push(made);
      return { status: 201, body: comment(made) };
    },
    [`PATCH ${BASE}/issues/comments/{comment_id}`]: ({ body }, { comment_id }) => {
      const found = world.comments.find(({ id }) => id === Number(comment_id));
      if (!found) return { status: 404, body: { message: "Not Found" } };
      found.body = (body as { body: string }).body;
      return { body: comment(found) };
    },
    [`GET ${BASE}/issues/{issue_number}/labels`]: () => world.labels.map(label),
    [`POST ${BASE}/issues/{issue_number}/labels`]: ({ body }) => {
      world.labels.push(...(body as { labels: string[] }).labels);
      return { body: world.labels.map(label) };
    },
    [`DELETE ${BASE}/issues/{issue_number}/labels/{name}`]: (_, { name }) => {
      world.labels = world.labels.filter((one) => one !== name);
      return { body: world.labels.map(label) };
    },
    [`GET ${BASE}/issues`]: () => world.issues.map(({ title }) => sample("issue", { title })),
    [`POST ${BASE}/issues`]: ({ body }) => {
      world.issues.push(body as World["issues"][number]);
      return { status: 201, body: sample("issue", { title: (body as { title: string }).title }) };
    },
  });
}
