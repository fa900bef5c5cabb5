/** @file Every figure and table of the paper, in its order. Browser-safe. */
import { fig1Mlp, fig1ResNet18, fig1Vit } from "./fig1.ts";
import { fig2 } from "./fig2.ts";
import { fig3 } from "./fig3.ts";
import { fig4 } from "./fig4.ts";
import { fig5 } from "./fig5.ts";
import { fig6 } from "./fig6.ts";
import { fig7 } from "./fig7.ts";
import type { StudyDeclaration } from "./study.ts";
import { table1 } from "./table1.ts";
import { table2 } from "./table2.ts";

export const STUDIES: readonly StudyDeclaration[] = [
  fig1Mlp,
  fig1ResNet18,
  fig1Vit,
  fig2,
  fig3,
  fig4,
  fig5,
  fig6,
  fig7,
  table1,
  table2,
];
