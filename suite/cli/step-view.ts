/** @file Step times of optimizers as tables, one for each model. */
import type { OptimizerTimes } from "../launch/step-table.ts";
import { textTable } from "./table.ts";

const LEGEND = `Milliseconds of a step, medians over rounds; × sgd within a round. \`at 10\`: statistics and inverses in
every tenth step, the mean. Phases by difference: precondition, a step that refreshes nothing less SGD's
(with statistics where they have no interval); curvature and inverse, what refreshing them adds (in one
column where they come together, and with the precondition where its own is blank). Floor: FLOPs
counted over the rate of a 1024 product in this run. The last columns: the same method in the peer, ours
over it, and ours over the peer's SGD, within a round.
`;

/** @param rate FLOPs per second of this machine's fastest matrix product. */
export function stepsText(measured: readonly OptimizerTimes[], rate: number): string {
  const models = [...new Set(measured.map(({ model }) => model))];
  const tables = models.map((model) => {
    const rows = measured.filter((one) => one.model === model);
    const peer = rows.find((row) => row.peer)?.peer?.name;
    const header = ["optimizer", "ms", "× sgd", "at 10", "× sgd"];
    header.push("precondition", "curvature", "inverse", "floor ms", "× floor");
    if (peer) header.push(peer, "ours ×", "× its sgd");
    const body = rows.map((row) => [...ownCells(row, rate), ...(peer ? peerCells(row) : [])]);
    const title = `${model}, batch ${rows[0]?.batchSize}`;
    return [title, textTable(header, body), ...rows.flatMap(remarks)].join("\n");
  });
  return `${tables.join("\n\n")}\n\n${LEGEND}`;
}

function ownCells({ optimizer, variants, phases }: OptimizerTimes, rate: number): string[] {
  const [first] = variants;
  if (!first) return [optimizer];
  const tenth = variants.find(({ refresh }) => refresh === "10");
  const flops = Object.values(first.flops).reduce((sum, one) => sum + one, 0);
  const floor = (1000 * flops) / rate;
  return [
    optimizer,
    digits(first.medianMs),
    first.timesSgd.toFixed(2),
    digits(tenth?.medianMs),
    tenth?.timesSgd.toFixed(2) ?? "",
    digits(phases?.precondition),
    digits(phases?.curvature),
    digits(phases?.inverse),
    floor.toFixed(2),
    (first.medianMs / floor).toFixed(1),
  ];
}

function peerCells({ peer, timesPeerSgd }: OptimizerTimes): string[] {
  const times = timesPeerSgd?.toFixed(2) ?? "";
  if (!peer) return ["—", "", times];
  if ("error" in peer) return ["failed", "", times];
  return [digits(peer.medianMs), peer.ratio.toFixed(2), times];
}

/** What a step should not do, and what failed; a line each. */
function remarks({ optimizer, recompiles, fallbacks, peer }: OptimizerTimes): string[] {
  return [
    ...(recompiles > 0 ? [`${optimizer}: ${recompiles} graphs compiled in timed steps`] : []),
    ...(fallbacks.length > 0 ? [`${optimizer}: without a graph: ${fallbacks.join(", ")}`] : []),
    ...(peer && "error" in peer ? [`${optimizer}: ${peer.name} failed: ${peer.error}`] : []),
  ];
}

const digits = (milliseconds: number | undefined): string => milliseconds?.toFixed(2) ?? "";
