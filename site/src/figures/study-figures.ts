/** @file A study's figure at each tier that has data, and the paper's own. */
import type { StudyDeclaration } from "../../../suite/studies/study.ts";
import { allBoards, type TaskBoard } from "../data/boards.ts";
import { PAPER_SOURCE, paperFigure } from "../data/paper.ts";
import { studyFiles } from "../data/verdicts.ts";
import { drawingsOf } from "./draw.ts";
import type { FigureSpec } from "./spec.ts";

/** The study at a tier; null without data. */
export function ownFigure(study: StudyDeclaration, task: TaskBoard): FigureSpec | null {
  const files = studyFiles(study, task);
  if (files.length === 0) return null;
  const context = { tier: task.tier, task: task.task.id, facts: task.facts, arm: study.arm };
  const figure = study.figure(files, context);
  const empty =
    figure.kind === "table"
      ? figure.rows.every((row) => row.slice(1).every((value) => value === null))
      : drawingsOf(figure, 400).length === 0;
  if (empty) return null;
  return {
    id: `paper/${study.id}.${task.tier}`,
    title: `Ours, tier ${task.tier}`,
    finding: study.caption,
    figure,
    command: `npm run bench -- --study ${study.id} --tier ${task.tier}`,
    files,
  };
}

/** The paper's version, where it published numbers. */
export function publishedFigure(study: StudyDeclaration): FigureSpec | null {
  const figure = paperFigure(study.id);
  if (!figure) return null;
  return {
    id: `paper/${study.id}.published`,
    title: `The paper's ${study.paper}`,
    finding: `${study.caption}`,
    source: PAPER_SOURCE,
    figure,
    command: "results/reference/paper.json",
    files: [],
  };
}

export function studyBoards(study: StudyDeclaration): TaskBoard[] {
  return allBoards().filter(({ task }) => task.id === study.task);
}

export function studyFigures(study: StudyDeclaration): FigureSpec[] {
  const own = studyBoards(study).flatMap((task) => ownFigure(study, task) ?? []);
  const published = publishedFigure(study);
  return published ? [...own, published] : own;
}
