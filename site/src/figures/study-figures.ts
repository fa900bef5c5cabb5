/** @file A study's figure at each tier that has data, and the paper's own. */
import { CLAIMS } from "../../../suite/analysis/claims/catalogue.ts";
import { configurationKey } from "../../../suite/analysis/configuration.ts";
import { VERDICT_WORDS } from "../../../suite/analysis/words.ts";
import { BOARD_ARM, type CellFile, type Trial } from "../../../suite/results/schema.ts";
import type { Figure } from "../../../suite/studies/figure.ts";
import type { StudyDeclaration } from "../../../suite/studies/study.ts";
import { studyFiles } from "../../../suite/studies/verdicts.ts";
import { allBoards, type TaskBoard } from "../data/boards.ts";
import { named } from "../data/catalogue.ts";
import { PAPER_SOURCE, paperFigure } from "../data/paper.ts";
import { verdictsOf } from "../data/verdicts.ts";
import { drawingsOf } from "./draw.ts";
import { PAPER_SUFFIX } from "./palette.ts";
import type { FigureSpec } from "./spec.ts";

/** The study at a tier; null without data. */
export function ownFigure(study: StudyDeclaration, task: TaskBoard): FigureSpec | null {
  const files = studyFiles(study, task);
  if (files.length === 0) return null;
  const context = { tier: task.tier, task: task.task.id, facts: task.facts, arm: study.arm };
  const figure = study.figure(files, context);
  if (isEmpty(figure)) return null;
  return {
    id: `paper/${study.id}.${task.tier}`,
    title: `Ours, tier ${task.tier}`,
    finding: findingOf(study, task),
    caption: `${study.caption.split(" The paper:")[0] ?? study.caption}${notTuned(study, files)}`,
    figure,
    command: `npm run bench -- --study ${study.id} --tier ${task.tier}`,
    files,
  };
}

/** Boards are of tuned methods; a cell with a given configuration is said to be one. */
function notTuned({ arm }: StudyDeclaration, files: readonly CellFile[]): string {
  const given = files.filter(({ trials }) => trials.every(({ role }) => role === "report"));
  if (arm !== BOARD_ARM || given.length === 0) return "";
  const several = given.filter(({ trials }) => configurationsIn(trials) > 1).length;
  const chosen = several > 0 ? ` (${several} had several, and one chosen as where tuned)` : "";
  if (given.length === files.length)
    return ` Here no cell was tuned: each had its configuration given${chosen}.`;
  return ` Except ${given.length} of these ${files.length} cells, whose configuration was given${chosen}, not tuned.`;
}

const configurationsIn = (trials: readonly Trial[]): number =>
  new Set(trials.map(({ hyperparameters }) => configurationKey(hyperparameters))).size;

const isEmpty = (figure: Figure) =>
  figure.kind === "table"
    ? figure.rows.every((row) => row.slice(1).every((value) => value === null))
    : drawingsOf(figure, 400).length === 0;

/** The verdicts, as the figure's text alternative. */
function findingOf(study: StudyDeclaration, task: TaskBoard): string {
  const said = verdictsOf(study, task).map(({ id, verdict, finding }) => {
    const statement = CLAIMS.find((claim) => claim.id === id)?.statement ?? id;
    return `${statement.replace(/\.$/, "")}: ${VERDICT_WORDS[verdict].word} (${named(finding)}).`;
  });
  return said.join(" ");
}

/** The paper's version, where it published numbers. */
export function publishedFigure(study: StudyDeclaration): FigureSpec | null {
  const figure = paperFigure(study.id);
  if (!figure) return null;
  return {
    id: `paper/${study.id}.published`,
    title: `The paper's ${study.paper}`,
    finding: study.caption,
    source: PAPER_SOURCE,
    figure,
    command: "results/reference/paper.json",
    files: [],
  };
}

/** Ours and the paper's points on the same axes, method by method; null where either has no curves. */
export function overlayFigure(study: StudyDeclaration, task: TaskBoard): FigureSpec | null {
  const own = ownFigure(study, task);
  const theirs = paperFigure(study.id);
  if (own?.figure.kind !== "lines" || theirs?.kind !== "lines") return null;
  const [panel] = own.figure.panels;
  const published = theirs.panels[0]?.series ?? [];
  if (!panel) return null;
  const common = panel.series.filter(({ name }) => published.some((one) => one.name === name));
  if (common.length === 0) return null;
  const paper = common.flatMap(({ name }) =>
    published
      .filter((one) => one.name === name)
      .map((one) => ({ ...one, name: `${name}${PAPER_SUFFIX}` })),
  );
  const { caption: _, ...spec } = own;
  return {
    ...spec,
    id: `paper/${study.id}.${task.tier}.overlay`,
    title: `Ours, tier ${task.tier}, and the paper's points`,
    finding: `Dotted, hollow: the paper's, the best over its grid on the test set${task.tier === "paper" ? "" : "; its model and data are larger than this tier's"}.`,
    figure: { kind: "lines", panels: [{ ...panel, series: [...common, ...paper] }] },
  };
}

export function studyBoards(study: StudyDeclaration): TaskBoard[] {
  return allBoards().filter(({ task }) => task.id === study.task);
}

export function studyFigures(study: StudyDeclaration): FigureSpec[] {
  const own = studyBoards(study).flatMap((task) =>
    [ownFigure(study, task), overlayFigure(study, task)].flatMap((one) => one ?? []),
  );
  const published = publishedFigure(study);
  return published ? [...own, published] : own;
}
