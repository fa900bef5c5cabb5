/** The paper's claims in its own order: what is claimed, where, and by which rule it is decided. */
import type { ClaimId } from "./claim.ts";

export interface ClaimDeclaration {
  id: ClaimId;
  /** The figure or table of the paper. */
  source: string;
  statement: string;
  rule: string;
}

export const CLAIMS: readonly ClaimDeclaration[] = [
  {
    id: "large-batch",
    source: "Figure 1",
    statement: "Second-order optimization wins at large batch sizes.",
    rule: "At the largest batch size, at least two thirds of the second-order methods are surely ahead of the better first-order one (Holm).",
  },
  {
    id: "gap-grows",
    source: "Figure 1",
    statement: "The gap grows with the batch size.",
    rule: "Kendall's τ of the difference over batch sizes is above 0 for at least two thirds of the methods.",
  },
  {
    id: "psgd-degrades",
    source: "Figure 1",
    statement: "PSGD loses accuracy with the batch size as SGD does.",
    rule: "From the smallest to the largest batch size, PSGD's loss is nearer to SGD's than to the median of the other second-order methods.",
  },
  {
    id: "ratio-constant",
    source: "Figure 4",
    statement: "The best learning-rate-to-damping ratio does not depend on the batch size.",
    rule: "The slope of log2(learning rate / damping) on log2(batch size) lies within ±¼.",
  },
  {
    id: "batch-over-dataset",
    source: "Figure 6",
    statement: "The gap depends on the batch size relative to the dataset size.",
    rule: "In d = α + b·log2 B + c·log2 n: b > 0, -c/b between ½ and 2, and |d| below 0.3 points in the lowest third of B/n.",
  },
  {
    id: "eigenvalues-settle",
    source: "Figure 7",
    statement: "Curvature eigenvalues settle early in every layer but the last.",
    rule: "In the second half of training the top eigenvalue stays within half a doubling in at least 90% of the layers, and not in the last.",
  },
  {
    id: "interval-lengthened",
    source: "Table 2",
    statement: "After an early phase the inverse can be recomputed far less often.",
    rule: "With an early phase of 0.3% of training or more, no interval costs 0.3 points against the reference.",
  },
  {
    id: "criterion-iterations",
    source: "Figure 3",
    statement: "The quality of PSGD's preconditioner follows iterations, not epochs.",
    rule: "Across batch sizes the log criterion spreads over iterations less than half as much as over epochs.",
  },
  {
    id: "global-beats-local",
    source: "Figure 1",
    statement: "At small batch sizes K-FAC with a moving average beats K-FAC without.",
    rule: "K-FAC minus K-FAC local is above 0 at the smallest batch size and within ±0.3 points at the largest.",
  },
  {
    id: "train-accuracy",
    source: "Figure 5",
    statement: "Second-order optimization wins in train accuracy too.",
    rule: "The rule of the first claim, on train accuracy.",
  },
  {
    id: "small-data",
    source: "Figure 2",
    statement: "Small data favours second-order optimization; large data does not.",
    rule: "At equal iterations AdamW's train loss minus the method's is above 0 at the smallest dataset and falls with log2 of its size.",
  },
  {
    id: "overtakes",
    source: "Table 1",
    statement: "Shampoo overtakes AdamW in large-batch language modelling.",
    rule: "The lasting crossover of the validation losses lies inside the grid, with its whole interval.",
  },
  {
    id: "damping-trend",
    source: "Figure 4",
    statement: "The best damping changes with the batch size (appendix A.2 says both ways).",
    rule: "The slope of log2(damping) on log2(batch size) is surely above 0 ('grows'), below 0 ('falls'), or within ±¼ ('no trend').",
  },
];
