/** @file `npm run submission`: what the workflows run for a pull request, and for the weekly rerun. */
import { writeFileSync } from "node:fs";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { UsageError } from "../protocol/error.ts";
import { resolveCommit } from "../submission/changes.ts";
import { checkPullRequest } from "../submission/check.ts";
import { githubClient, type Repository } from "../submission/github.ts";
import { publishReport } from "../submission/publish.ts";
import { outcomeOf } from "../submission/report.ts";
import { pickTrial, reportWeekly } from "../submission/weekly.ts";
import { positiveInteger } from "./options.ts";
import { runCommand } from "./run.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

const command = new Command("submission")
  .description("Check a pull request in a sandbox, and say what was found.")
  .addHelpText(
    "after",
    `
Examples:
  npm run submission -- check --base main --head my-branch     your own, before you open it
  npm run submission -- pick                                   one committed trial, by chance

\`publish\` and \`weekly\` write on GitHub and need GITHUB_TOKEN.`,
  );

interface CheckOptions {
  base: string;
  head: string;
  repository: string;
  out?: string;
  site?: string;
}

command
  .command("check")
  .description("validate, test and rerun what the commits between base and head submit")
  .requiredOption("--base <commit>", "what it is to be merged into")
  .requiredOption("--head <commit>", "what it brings")
  .option("--repository <address>", "where runs of the sweep are", "https://github.com/OWNER/NAME")
  .option("--out <file>", "write the report there")
  .option("--site <folder>", "build the site with these results there")
  .action(async ({ base, head, repository, out, site }: CheckOptions) => {
    const report = await checkPullRequest({
      root: ROOT,
      base: resolveCommit(ROOT, base),
      head: resolveCommit(ROOT, head),
      repository,
      ...(site && { site }),
      onProgress: (message) => process.stderr.write(`${message} …\n`),
    });
    const text = `${JSON.stringify(report, null, 1)}\n`;
    if (out) writeFileSync(out, text);
    else process.stdout.write(text);
    process.stderr.write(`${outcomeOf(report)}\n`);
    if (outcomeOf(report) === "refused") process.exitCode = 1;
  });

command
  .command("publish")
  .description("comment on the pull request of a finished run (the report workflow)")
  .requiredOption("--run <id>", "run of the submission workflow", positiveInteger("--run"))
  .requiredOption("--repository <owner/name>", "where", repositoryOf)
  .action(async ({ run, repository }: { run: number; repository: Repository }) => {
    const { said } = await publishReport(client(), repository, run);
    process.stdout.write(`${said}\n`);
  });

command
  .command("pick")
  .description("print FILE#KEY of one committed trial, chosen by chance")
  .option("--seconds <count>", "of training, at most", positiveInteger("--seconds"), 600)
  .action(({ seconds }: { seconds: number }) => {
    const address = pickTrial(`${ROOT}results`, seconds);
    if (address) process.stdout.write(`${relative(ROOT, address)}\n`);
  });

command
  .command("weekly")
  .description("open an issue when a rerun differs")
  .argument("<file#key>", "the trial")
  .argument("<comparison>", "what `npm run reproduce -- FILE#KEY --json` printed")
  .requiredOption("--repository <owner/name>", "where", repositoryOf)
  .action(async (address: string, file: string, options: { repository: Repository }) => {
    const said = await reportWeekly(client(), options.repository, address, file);
    process.stdout.write(`${said}\n`);
  });

function client() {
  const { GITHUB_TOKEN: token, GITHUB_API_URL: baseUrl } = process.env;
  if (!token)
    throw new UsageError("There is no GITHUB_TOKEN.", "Set it to a token that may write.");
  return githubClient({ token, ...(baseUrl && { baseUrl }) });
}

function repositoryOf(text: string): Repository {
  const [owner, repo, more] = text.split("/");
  if (owner && repo && more === undefined) return { owner, repo };
  throw new UsageError(`--repository was given "${text}".`, "It takes OWNER/NAME.");
}

await runCommand(command);
