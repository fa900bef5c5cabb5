/** @file Cost to a target: in four units, as performance profiles, and as a Pareto front. */
import { formatAmount, formatScore } from "../../../suite/analysis/format.ts";
import { oriented } from "../../../suite/analysis/metric.ts";
import { paretoFront } from "../../../suite/analysis/pareto.ts";
import { performanceRatios, profileCurve } from "../../../suite/analysis/profiles.ts";
import { quantile } from "../../../suite/analysis/quantile.ts";
import { profileTimes, targetTimes } from "../../../suite/analysis/target-times.ts";
import { TARGET_UNITS, type TargetUnit } from "../../../suite/analysis/time-to-target.ts";
import { axisWords, listed } from "../../../suite/analysis/words.ts";
import type { FigurePanel } from "../../../suite/studies/figure.ts";
import type { Slice, TaskBoard } from "../data/boards.ts";
import { nameOf, rankOf } from "../data/catalogue.ts";
import type { FigureSpec } from "./spec.ts";

/** A target that three quarters of the scored cells reach in the end. */
function targetOf({ board }: Slice): number | null {
  const scores = board.rows.flatMap(({ entries }) =>
    entries.flatMap(({ cell, state }) =>
      state === "scored" && cell ? oriented(board.metric, cell.score) : [],
    ),
  );
  return scores.length < 4 ? null : oriented(board.metric, quantile(scores, 0.25));
}

function timesOf({ files, cells }: TaskBoard, { board }: Slice, target: number, unit: TargetUnit) {
  const inside = cells.filter(
    ({ cell }) => (board.axis === "batch" ? cell.datasetSize : cell.batchSize) === board.fixed,
  );
  const times = targetTimes(files, inside, { metric: board.metric, target, unit });
  if (unit !== "seconds") return times;
  // Seconds are compared inside one device class: the one with the most cells.
  const classes = times.map(({ deviceClass }) => deviceClass).sort();
  const count = (name: string) => classes.filter((one) => one === name).length;
  const [best] = [...new Set(classes)].sort((a, b) => count(b) - count(a));
  return times.filter(({ deviceClass }) => deviceClass === best);
}

const commandOf = ({ board: { task, tier } }: Slice) =>
  `npm run board -- --task ${task} --tier ${tier} --json`;

/** Median cost to the target by size, one panel per unit; and cost against quality. */
export function targetFigures(task: TaskBoard, slice: Slice): FigureSpec[] {
  const target = targetOf(slice);
  if (target === null) return [];
  const { board, id, files } = slice;
  const panels = TARGET_UNITS.map((unit): FigurePanel => {
    const times = timesOf(task, slice, target, unit);
    const names = [...new Set(times.map(({ cell }) => cell.optimizer))].sort(
      (a, b) => rankOf(a) - rankOf(b),
    );
    const place = unit === "seconds" && times[0] ? ` on ${times[0].deviceClass}` : "";
    return {
      title: `${unit === "flops" ? "FLOPs" : unit}${place}`,
      x: { label: axisWords(board.axis), scale: "log2" },
      y: { label: unit === "flops" ? "FLOPs" : unit, scale: "log10" },
      series: names
        .map((name) => ({
          name,
          points: times
            .filter(
              ({ cell, summary }) => cell.optimizer === name && Number.isFinite(summary.median),
            )
            .map(({ cell, summary }) => ({
              x: board.axis === "batch" ? cell.batchSize : cell.datasetSize,
              y: summary.median,
            }))
            .sort((a, b) => a.x - b.x),
        }))
        .filter(({ points }) => points.length > 0),
    };
  });
  const goal = formatScore(board.metric, target);
  return [
    {
      id: `boards/${board.task}.${board.tier}.${id}.target`,
      title: `What it takes to reach ${goal} ${board.metric.name}, in four units`,
      finding: `Median over report seeds of the first evaluation that shows ${goal}, a level that three quarters of the cells reach. Where a method is missing, at least half of its seeds never did.`,
      figure: { kind: "lines", panels: panels.filter(({ series }) => series.length > 0) },
      command: commandOf(slice),
      files,
    },
    paretoFigure(slice),
  ];
}

function paretoFigure(slice: Slice): FigureSpec {
  const { board, id, files } = slice;
  const entries = board.rows.flatMap(({ optimizer, entries: own }) =>
    own.flatMap(({ cell, position, state }) =>
      state === "scored" && cell
        ? [{ optimizer, position, cost: cell.cost.flops, score: cell.score }]
        : [],
    ),
  );
  const front = paretoFront(
    entries.map(({ cost, score }) => ({ cost, quality: oriented(board.metric, score) })),
  );
  const best = entries.filter((_, index) => front[index]).sort((a, b) => a.cost - b.cost);
  const factor = board.metric.quantity === "accuracy" ? 100 : 1;
  const names = [...new Set(entries.map(({ optimizer }) => optimizer))].sort(
    (a, b) => rankOf(a) - rankOf(b),
  );
  const on = [...new Set(best.map(({ optimizer }) => nameOf(optimizer)))];
  return {
    id: `boards/${board.task}.${board.tier}.${id}.pareto`,
    title: `Cost against ${board.metric.name}`,
    finding: `Training FLOPs of one trial and its score, every cell. On the Pareto front: ${listed(on)}, from ${formatAmount(best[0]?.cost ?? Number.NaN)} to ${formatAmount(best.at(-1)?.cost ?? Number.NaN)} FLOPs.`,
    figure: {
      kind: "lines",
      scattered: true,
      panels: [
        {
          title: "",
          x: { label: "training FLOPs", scale: "log10" },
          y: {
            label: factor === 100 ? `${board.metric.name} (%)` : board.metric.name,
            scale: "linear",
          },
          series: names.map((name) => ({
            name,
            points: entries
              .filter(({ optimizer }) => optimizer === name)
              .map(({ cost, score }) => ({ x: cost, y: factor * score }))
              .sort((a, b) => a.x - b.x),
          })),
        },
      ],
    },
    command: commandOf(slice),
    files,
  };
}

/** Share of the sizes at which a method needs at most τ times the fewest steps. */
export function profileFigure(task: TaskBoard, slice: Slice): FigureSpec | null {
  const target = targetOf(slice);
  if (target === null || slice.board.rows.length < 2) return null;
  const times = timesOf(task, slice, target, "flops");
  if (times.length === 0) return null;
  const ratios = performanceRatios(profileTimes(times));
  const { board, id, files } = slice;
  const series = Object.entries(ratios)
    .sort(([a], [b]) => rankOf(a) - rankOf(b))
    .map(([name, own]) => ({
      name,
      points: stepsOf(profileCurve(own).map(({ tau, share }) => ({ x: tau, y: share }))),
    }));
  const leader = [...series].sort((a, b) => (b.points[0]?.y ?? 0) - (a.points[0]?.y ?? 0))[0];
  return {
    id: `boards/${board.task}.${board.tier}.${id}.profile`,
    title: `Performance profile: FLOPs to ${formatScore(board.metric, target)}`,
    finding: `Share of the sizes at which a method needs at most τ times the fewest FLOPs. Cheapest most often: ${nameOf(leader?.name ?? "")}. Read the leader only: the others depend on who else is in the set.`,
    figure: {
      kind: "lines",
      panels: [
        {
          title: "",
          x: { label: "τ (times the cheapest)", scale: "linear" },
          y: { label: "share of sizes", scale: "linear" },
          series: series.filter(({ points }) => points.length > 0),
        },
      ],
    },
    command: commandOf(slice),
    files,
  };
}

const LAST_TAU = 4;

/** A step function from τ = 1 to 4, as AlgoPerf draws it. */
function stepsOf(curve: readonly { x: number; y: number }[]) {
  const inside = curve.filter(({ x }) => x <= LAST_TAU);
  const points = inside.flatMap((point, index) => {
    const before = inside[index - 1]?.y ?? 0;
    return point.x > 1 ? [{ x: point.x, y: before }, point] : [point];
  });
  const start = points[0]?.x === 1 ? [] : [{ x: 1, y: 0 }];
  return [...start, ...points, { x: LAST_TAU, y: inside.at(-1)?.y ?? 0 }];
}
