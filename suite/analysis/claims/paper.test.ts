import { describe, expect, it } from "vitest";
import { expectClose } from "../fixtures/expect-close.ts";
import { FIGURE_1, type PaperFigure, TABLE_1, TABLE_2 } from "../fixtures/paper.ts";
import { at } from "../statistics.ts";
import { CLAIMS } from "./catalogue.ts";
import { CLAIM_IDS, type ClaimId } from "./claim.ts";
import { differenceAtEnd } from "./global-local.ts";
import { leadsAt } from "./large-batch.ts";
import { paperReadings } from "./paper.ts";
import { degradationContrast } from "./psgd-degrades.ts";
import type { ScoreTable } from "./score-table.ts";

const families = {
  firstOrder: ["sgd", "adamw"],
  secondOrder: ["shampoo", "kfac-local", "kfac", "seng", "psgd", "foof"],
};

const table = ({ batchSizes, values }: PaperFigure, sign = 1): ScoreTable => ({
  positions: batchSizes,
  scores: Object.fromEntries(
    Object.entries(values).map(([id, row]) => [
      id,
      row.map((one) => (one === null ? null : sign * one)),
    ]),
  ),
});

const figure1 = Object.fromEntries(
  Object.entries(FIGURE_1).map(([task, figure]) => [task, table(figure)]),
);

const readings = paperReadings({
  figure1,
  table1: table(TABLE_1, -1),
  table2: Object.entries(TABLE_2.interval).flatMap(([interval, row]) =>
    row.map((value, index) => ({
      interval: Number(interval),
      percent: at(TABLE_2.percent, index),
      values: [value / 100],
    })),
  ),
  families,
});

function reading(claim: ClaimId, where: string) {
  const found = readings.find((one) => one.claim === claim && one.where === where);
  if (!found) throw new Error(`no reading of ${claim} on ${where}`);
  return found;
}

describe("the paper's own reading", () => {
  it("second-order wins at large batch in 12 of 14", () => {
    const leads = Object.values(figure1).flatMap((one) =>
      leadsAt(one, families, Math.max(...one.positions)),
    );
    expect(leads).toHaveLength(14);
    expect(leads.filter(({ lead }) => lead > 0)).toHaveLength(12);
  });

  it("the gap of Shampoo to AdamW grows: τ = .904762 on MNIST", () => {
    const { value, holds } = reading("gap-grows", "mnist-mlp");
    expectClose(value, 0.904762, 6);
    expect(holds).toBe(true);
  });

  it.each([
    ["mnist-mlp", 1.1 - 2.19, true],
    ["cifar-resnet18", 0.45 - 0.64, true],
    ["cifar-vit-tiny", 0.1 - 0.065, false],
  ])("PSGD degrades like SGD on %s", (task, contrast, holds) => {
    expectClose(reading("psgd-degrades", task).value, contrast);
    expect(reading("psgd-degrades", task).holds).toBe(holds);
  });

  it("without other second-order methods there is nothing to contrast with", () => {
    const roles = { subject: "psgd", like: "sgd", others: [] };
    expect(degradationContrast(roles)(at(Object.values(figure1), 0))).toBeNull();
  });

  it("K-FAC beats K-FAC local by .40 at 256, and equals it from 4096 on", () => {
    expectClose(reading("global-beats-local", "mnist-mlp").value, 0.4);
    const mnist = figure1["mnist-mlp"];
    expect(
      mnist && differenceAtEnd({ global: "kfac", local: "kfac-local" }, "largest")(mnist),
    ).toBe(0);
  });

  it("Shampoo overtakes AdamW at 1378.92", () => {
    const { value, holds } = reading("overtakes", "Table 1");
    expectClose(value, 1378.9204, 4);
    expect(holds).toBe(true);
  });

  it("the interval can be lengthened after .3%, not after .1%", () => {
    expectClose(reading("interval-lengthened", "early phase of 0.3% or more").value, -0.19);
    expect(reading("interval-lengthened", "early phase of 0.3% or more").holds).toBe(true);
    expectClose(reading("interval-lengthened", "early phase of 0.1% or more").value, -0.49);
    expect(reading("interval-lengthened", "early phase of 0.1% or more").holds).toBe(false);
  });
});

describe("the catalogue", () => {
  it("declares every claim once", () => {
    expect(CLAIMS.map(({ id }) => id)).toEqual([...CLAIM_IDS]);
    expect(CLAIMS).toHaveLength(13);
  });
});
