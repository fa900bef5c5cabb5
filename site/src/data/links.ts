/** @file Addresses inside the site, under whatever base path it is served. */
import type { Cell } from "../../../suite/results/schema.ts";

const BASE = import.meta.env.BASE_URL.replace(/\/$/, "");

/** `/boards/` as it is called here. */
export function link(path: string): string {
  return `${BASE}${path}`;
}

export const boardLink = (task: string, tier: string) => link(`/boards/${task}/${tier}/`);
export const sliceLink = (task: string, tier: string, slice: string) =>
  link(`/boards/${task}/${tier}/${slice}/`);
export const optimizerLink = (id: string) => link(`/optimizers/${id}/`);
export const studyLink = (id: string) => link(`/paper/${id}/`);
export const pairSlug = (challenger: string, baseline: string) => `${challenger}-vs-${baseline}`;
export const pairLink = (challenger: string, baseline: string) =>
  link(`/pairs/${pairSlug(challenger, baseline)}/`);

export const cellSlug = ({ tier, task, optimizer, batchSize, datasetSize }: Cell) =>
  `${tier}/${task}/${optimizer}/b${batchSize}-n${datasetSize}`;
export const cellLink = (cell: Cell) => link(`/cells/${cellSlug(cell)}/`);
