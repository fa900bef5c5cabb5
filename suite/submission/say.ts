/** @file What the bot writes on GitHub: one comment per pull request, labels of its own, one issue. */
import { MARKER } from "./comment.ts";
import type { Client, Repository } from "./github.ts";

/** Who the bot is: a comment of anybody else with our marker is not ours. */
export const BOT = "github-actions[bot]";

/** The labels that are the bot's to set and to take away; all others stay. */
export const LABELS = {
  valid: "submission: valid",
  refused: "submission: refused",
  unchecked: "submission: unchecked",
} as const;

/** Writes the comment, or replaces the text of the one that is there. Returns what was done. */
export async function upsertComment(
  client: Client,
  where: Repository,
  number: number,
  body: string,
): Promise<"created" | "updated" | "unchanged"> {
  const comments = await client.paginate(client.rest.issues.listComments, {
    ...where,
    issue_number: number,
    per_page: 100,
  });
  const own = comments.find(
    ({ user, body: text }) => user?.login === BOT && text?.startsWith(MARKER),
  );
  if (!own) {
    await client.rest.issues.createComment({ ...where, issue_number: number, body });
    return "created";
  }
  if (own.body === body) return "unchanged";
  await client.rest.issues.updateComment({ ...where, comment_id: own.id, body });
  return "updated";
}

/** Leaves exactly `wanted` of the bot's labels; `undefined` takes all of them away. */
export async function setLabel(
  client: Client,
  where: Repository,
  number: number,
  wanted: keyof typeof LABELS | undefined,
): Promise<void> {
  const labels = await client.paginate(client.rest.issues.listLabelsOnIssue, {
    ...where,
    issue_number: number,
    per_page: 100,
  });
  const present = new Set(labels.map(({ name }) => name));
  const label = wanted && LABELS[wanted];
  for (const name of Object.values(LABELS)) {
    if (name !== label && present.has(name)) {
      await client.rest.issues.removeLabel({ ...where, issue_number: number, name });
    }
  }
  if (label && !present.has(label)) {
    await client.rest.issues.addLabels({ ...where, issue_number: number, labels: [label] });
  }
}

/** Opens an issue unless one with this title is open. */
export async function openIssueOnce(
  client: Client,
  where: Repository,
  issue: { readonly title: string; readonly body: string; readonly labels: string[] },
): Promise<"opened" | "open already"> {
  const open = await client.paginate(client.rest.issues.listForRepo, {
    ...where,
    state: "open",
    per_page: 100,
  });
  if (open.some(({ title }) => title === issue.title)) return "open already";
  await client.rest.issues.create({ ...where, ...issue });
  return "opened";
}
