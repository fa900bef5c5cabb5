/** @file The weekly look at one committed number: chosen by chance, rerun, an issue when it differs. */
import { readFileSync } from "node:fs";
import { z } from "zod";
import { listCellFiles, readCellFile } from "../results/store.ts";
import { quoted } from "./escape.ts";
import type { Client, Repository } from "./github.ts";
import { chooseTrial } from "./rerun.ts";
import { openIssueOnce } from "./say.ts";

/** `FILE#KEY` of one trial that fits; undefined when none is committed that does. */
export function pickTrial(
  root: string,
  mostSeconds: number,
  random?: () => number,
): string | undefined {
  const trials = listCellFiles(root).flatMap((path) => {
    const file = readCellFile(path);
    return file.trials.map((trial) => ({ path, file, trial }));
  });
  const chosen = chooseTrial(trials, mostSeconds, random);
  return chosen && `${chosen.path}#${chosen.trial.key}`;
}

/** What `npm run reproduce -- FILE#KEY --json` prints, as far as it matters here. */
const comparisonSchema = z.object({
  sameBits: z.boolean(),
  withinTolerance: z.boolean(),
  tolerance: z.number(),
  metric: z.string(),
  recorded: z.number().nullable(),
  now: z.number().nullable(),
});

/** Opens an issue when the number was not reproduced. Returns what was done. */
export async function reportWeekly(
  client: Client,
  where: Repository,
  address: string,
  comparisonFile: string,
): Promise<string> {
  const comparison = comparisonSchema.parse(JSON.parse(readFileSync(comparisonFile, "utf8")));
  const { sameBits, withinTolerance, recorded, now, metric, tolerance } = comparison;
  if (sameBits || withinTolerance) {
    return `${address}: ${sameBits ? "same bits" : "within tolerance"}`;
  }
  const [, key = ""] = address.split("#");
  const done = await openIssueOnce(client, where, {
    title: `A committed result was not reproduced: ${key.slice(0, 10)}`,
    labels: ["challenge"],
    body: [
      `The weekly rerun of ${quoted(address, 300)} gave ${metric} ${now ?? "nothing"}, recorded ${recorded ?? "nothing"}: more than the task's tolerance of ${tolerance} apart.`,
      "Repeat it:",
      `\`\`\`sh\nnpm run reproduce -- ${address.replace(/[^A-Za-z0-9./#_-]/g, "")}\n\`\`\``,
      "Confirmed: strike the row, keep it in the log with its reason.",
    ].join("\n\n"),
  });
  return `${address}: differs; issue ${done}`;
}
