/** @file Series as people name them. */
import { formatCount } from "../../../suite/analysis/format.ts";
import { nameOf, optimizerOf } from "../data/catalogue.ts";

export const isOptimizer = (id: string) => optimizerOf(id) !== undefined;

/** `K-FAC, batch 8,192` of `kfac, batch 8192`. */
export const labelOf = (name: string) =>
  name
    .replace(/^[a-z0-9-]+/, (id) => nameOf(id))
    .replace(/\b\d{4,}\b/g, (digits) => formatCount(Number(digits)));
