/** @file The cells that a study needs: measured, missing (what they cost, the command), invalid. */
import { formatCount, formatSeconds } from "../../../suite/analysis/format.ts";
import { groupBy } from "../../../suite/analysis/statistics.ts";
import { tuningSeeds } from "../../../suite/protocol/plan.ts";
import { invalidReason } from "../../../suite/protocol/validity.ts";
import type { Cell } from "../../../suite/results/schema.ts";
import type { StudyDeclaration } from "../../../suite/studies/study.ts";
import { studyFiles } from "../../../suite/studies/verdicts.ts";
import type { TaskBoard } from "../data/boards.ts";
import { nameOf } from "../data/catalogue.ts";
import { estimatedSeconds } from "../data/estimates.ts";
import { cellLink } from "../data/links.ts";
import { type Html, html } from "../html.ts";

interface NeededCell {
  readonly cell: Cell;
  /** Where the study fixes the configurations; absent: the tier's search. */
  readonly trials: number | undefined;
}

export function cellsOfStudy(study: StudyDeclaration, task: TaskBoard): Html | null {
  const protocol = task.task.tiers[task.tier];
  if (!protocol) return null;
  const have = new Map(studyFiles(study, task).map(({ cell }) => [keyOf(cell), cell]));
  const needed = neededCells(study, task);
  const valid = needed.filter(
    ({ cell }) => !invalidReason(protocol.budget, cell.batchSize, cell.datasetSize),
  );
  const measured = valid.filter(({ cell }) => have.has(keyOf(cell)));
  const missing = valid.filter(({ cell }) => !have.has(keyOf(cell)));
  const whole = `npm run bench -- --study ${study.id} --tier ${task.tier}`;
  const commands = measured.length === 0 ? [whole] : commandsFor(missing, whole);
  return html`<details><summary>${measured.length} of ${valid.length} cells measured</summary>
${measured.length > 0 ? html`<p>Measured:</p><ul>${measured.map(({ cell }) => html`<li><a href="${cellLink(cell)}">${words(cell)}</a></li>`)}</ul>` : null}
${missing.length > 0 ? missingCells(missing, commands, task) : null}
${needed.length > valid.length ? html`<p>${needed.length - valid.length} combinations are invalid: fewer than 20 updates, or a batch larger than the dataset.</p>` : null}</details>`;
}

const keyOf = ({ optimizer, batchSize, datasetSize }: Cell) =>
  `${optimizer} ${batchSize} ${datasetSize}`;

const words = ({ optimizer, batchSize, datasetSize }: Cell) =>
  `${nameOf(optimizer)}, batch ${formatCount(batchSize)}, dataset ${formatCount(datasetSize)}`;

function neededCells(study: StudyDeclaration, { task, tier }: TaskBoard): NeededCell[] {
  const protocol = task.tiers[tier];
  if (!protocol) return [];
  const { reportSeeds } = protocol.tuning;
  return study
    .cells(protocol, tier)
    .flatMap(({ optimizer, batchSizes, datasetSizes, configurations, ...seeds }) => {
      const trials =
        configurations &&
        configurations.length * tuningSeeds({ configurations, ...seeds }).length + reportSeeds;
      return datasetSizes.flatMap((datasetSize) =>
        batchSizes.map((batchSize) => ({
          cell: { tier, task: task.id, optimizer, batchSize, datasetSize },
          trials,
        })),
      );
    });
}

function missingCells(
  missing: readonly NeededCell[],
  commands: readonly string[],
  { task }: TaskBoard,
): Html {
  const items = missing.map(({ cell, trials }) => {
    const seconds = estimatedSeconds(task, cell, trials);
    const cost = seconds === undefined ? "" : `: about ${formatSeconds(seconds)} of one core`;
    return html`<li>${words(cell)}${cost}</li>`;
  });
  return html`<p>Missing:</p><ul>${items}</ul>
<p>Made by:</p><ul>${commands.map((one) => html`<li><code class="command">${one}</code></li>`)}</ul>`;
}

/** Only what is missing: another machine than the one that measured the rest would run that again. */
function commandsFor(missing: readonly NeededCell[], whole: string): string[] {
  const rows = groupBy(
    missing,
    ({ cell }) => `${cell.optimizer} --dataset-size ${cell.datasetSize}`,
  );
  return [...rows].map(([row, cells]) => {
    const batchSizes = cells.map(({ cell }) => cell.batchSize).join(",");
    return `${whole} --optimizer ${row} --batch-size ${batchSizes}`;
  });
}
