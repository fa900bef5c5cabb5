/** @file The verdict of each claim at each tier, decided once per build. */
import type { ClaimResult } from "../../../suite/analysis/claims/claim.ts";
import type { StudyDeclaration } from "../../../suite/studies/study.ts";
import { verdictsOf as decided } from "../../../suite/studies/verdicts.ts";
import type { TaskBoard } from "./boards.ts";
import { FAMILIES } from "./paper.ts";

const known = new Map<string, readonly ClaimResult[]>();

export function verdictsOf(study: StudyDeclaration, task: TaskBoard): readonly ClaimResult[] {
  const key = `${study.id}/${task.task.id}/${task.tier}`;
  const verdicts = known.get(key) ?? decided(study, task, FAMILIES);
  known.set(key, verdicts);
  return verdicts;
}
