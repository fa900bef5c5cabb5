/** @file The public log: every commit that added, changed or removed results, from the history itself. */
import { plural } from "../../../suite/analysis/words.ts";
import { git } from "../data/results.ts";
import { type Html, html } from "../html.ts";

interface LogEntry {
  readonly commit: string;
  readonly date: string;
  readonly subject: string;
  readonly added: number;
  readonly changed: number;
  readonly removed: number;
}

/** Newest first; empty outside a repository. */
export function logEntries(): LogEntry[] {
  const text = git(
    "log",
    "--no-merges",
    "--format=%x00%h%x09%as%x09%s",
    "--name-status",
    "--",
    "results",
  );
  return (text ?? "").split("\0").flatMap((block) => {
    const [head, ...files] = block.trim().split("\n");
    const [commit, date, subject] = head?.split("\t") ?? [];
    if (!commit || !date || subject === undefined) return [];
    const count = (letter: RegExp) => files.filter((file) => letter.test(file)).length;
    return [
      { commit, date, subject, added: count(/^A/), changed: count(/^[MR]/), removed: count(/^D/) },
    ];
  });
}

export function logPage(): Html {
  const entries = logEntries();
  const rows = entries.map(
    ({ commit, date, subject, added, changed, removed }) =>
      html`<tr><th scope="row">${date}</th><td class="text">${subject}</td><td>${added}</td><td>${changed}</td><td>${removed}</td><td><code>${commit}</code></td></tr>`,
  );
  return html`<h1>Log</h1><p class="lead">Every addition, removal and rescoring of results, with its reason. It is read from the repository's history, so that nothing vanishes quietly.</p>
${
  rows.length === 0
    ? html`<p>No result has been committed yet.</p>`
    : html`<p>${plural(rows.length, "change")}.</p><div class="scroll" role="region" aria-label="Changes" tabindex="0"><table><caption>Files of results by change</caption><thead><tr><th scope="col">date</th><th scope="col" class="text">reason</th><th scope="col">added</th><th scope="col">changed</th><th scope="col">removed</th><th scope="col">commit</th></tr></thead><tbody>${rows}</tbody></table></div>`
}`;
}
