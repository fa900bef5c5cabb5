/** The practitioner's answer in sentences. */
import type { Answer, AnswerLine, AnswerRequest } from "./answer.ts";
import {
  formatCount,
  formatDifference,
  formatInterval,
  formatRatio,
  formatScore,
} from "./format.ts";
import type { Metric } from "./metric.ts";
import { listed } from "./words.ts";

/** What is true at the asked size, with its uncertainty; or that it was not measured, and what was. */
export function answerSentences(answer: Answer, request: AnswerRequest): string[] {
  const place =
    `batch size ${formatCount(request.batchSize)} and ` +
    `dataset size ${formatCount(request.datasetSize)}`;
  if (answer.kind === "not measured") {
    const cells = answer.nearest.map(
      ({ batchSize, datasetSize, optimizers }) =>
        `batch ${formatCount(batchSize)}, dataset ${formatCount(datasetSize)} (${listed(optimizers)})`,
    );
    const nearest =
      cells.length > 0 ? `Nearest cells: ${cells.join("; ")}.` : "No cell is scored yet.";
    return [`Not measured. ${answer.reason}`, nearest];
  }
  return [
    headline(answer, place),
    ...basis(answer, request.metric),
    ...answer.lines.map(lineWith(answer.versus, request.metric)),
  ];
}

type Measured = Extract<Answer, { kind: "measured" | "between" }>;

function headline(answer: Measured, place: string): string {
  const better = answer.lines.filter(({ reading }) => reading === "better");
  const names = better.map(({ optimizer }) => optimizer);
  const verb = answer.kind === "measured" ? "" : ", by interpolation";
  if (names.length === 0) {
    return `At ${place}${verb}, nothing is surely better than ${answer.versus}.`;
  }
  const are = names.length === 1 ? "is" : "are";
  return `At ${place}${verb}, ${listed(names)} ${are} surely better than ${answer.versus}.`;
}

function basis(answer: Measured, metric: Metric): string[] {
  if (answer.baseline) {
    const { score, standardError } = answer.baseline;
    return [
      `${answer.versus} reaches ${formatScore(metric, score, standardError)} ${metric.name}.`,
    ];
  }
  const cells = answer.from.map(
    ({ batchSize, datasetSize }) =>
      `batch ${formatCount(batchSize)}, dataset ${formatCount(datasetSize)}`,
  );
  return [`Read off a straight line between ${listed(cells)}; this very size was not measured.`];
}

const lineWith = (versus: string, metric: Metric) => (line: AnswerLine) => {
  const { optimizer, difference, interval, standardError, reading, flopsRatio } = line;
  const range = interval ? ` (95%: ${formatInterval(metric, interval, standardError)})` : "";
  const what = formatDifference(metric, difference, standardError);
  const verdict =
    reading === "cannot be told apart"
      ? `cannot be told apart from ${versus}`
      : `${reading} than ${versus}`;
  return `${optimizer}: ${what}${range}, ${verdict}, ${formatRatio(flopsRatio)} its FLOPs.`;
};
