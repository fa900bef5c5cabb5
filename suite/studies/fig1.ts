/** @file Figure 1: test accuracy against batch size, for three models. Drawn from the board itself. */
import { BOARD_ARM } from "../results/schema.ts";
import { scoreSeries } from "./curves.ts";
import { PAPER_OPTIMIZERS, type StudyDeclaration } from "./study.ts";

function figure1(
  id: string,
  model: string,
  task: string,
  optimizers: readonly string[],
  claims: StudyDeclaration["claims"],
): StudyDeclaration {
  return {
    id,
    title: `Second-order optimization at large batches: ${model}`,
    paper: `Figure 1 (${model})`,
    caption:
      "Test accuracy of every method against the batch size, each tuned at every size. " +
      "The paper: second-order methods win at large batches; PSGD falls as SGD does.",
    task,
    arm: BOARD_ARM,
    claims,
    cells: ({ batchSizes, datasetSizes }) =>
      optimizers.map((optimizer) => ({
        optimizer,
        batchSizes,
        datasetSizes: datasetSizes.slice(-1),
      })),
    figure: (files, context) => {
      const full = Math.max(...files.map(({ cell }) => cell.datasetSize));
      const whole = files.filter(({ cell }) => cell.datasetSize === full);
      return {
        kind: "lines",
        panels: [
          {
            title: context.task,
            x: { label: "batch size", scale: "log2" },
            y: { label: "test accuracy (%)", scale: "linear" },
            series: scoreSeries(whole, context, { x: ({ cell }) => cell.batchSize }),
          },
        ],
      };
    },
  };
}

export const fig1Mlp = figure1("fig1-mlp", "MLP", "mnist-mlp", PAPER_OPTIMIZERS, [
  "large-batch",
  "gap-grows",
  "psgd-degrades",
  "global-beats-local",
]);

const REDUCED = ["sgd", "adamw", "kfac", "foof", "shampoo"] as const;

export const fig1ResNet18 = figure1("fig1-resnet18", "ResNet18", "cifar-resnet18", REDUCED, [
  "large-batch",
  "gap-grows",
]);

export const fig1Vit = figure1("fig1-vit", "ViT-Tiny", "cifar-vit-tiny", REDUCED, [
  "large-batch",
  "gap-grows",
]);
