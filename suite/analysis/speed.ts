/**
 * How long the analysis takes and how much memory it needs, on synthetic trials:
 * `npx tsx suite/analysis/speed.ts`. One row per size: boards of every task with all rank ranges, and
 * the headline crossover (seeds and tuning resampled) of every optimizer against SGD and AdamW.
 */
import { buildBoard } from "./board.ts";
import { comparePair } from "./pairs.ts";
import { syntheticFacts, syntheticTrials } from "./synthetic.ts";

const BASELINES = ["sgd", "adamw"];

function analyse(files: ReturnType<typeof syntheticTrials>) {
  const tasks = new Set(files.map(({ cell }) => cell.task));
  let pairs = 0;
  const started = performance.now();
  let boards = 0;
  let pairSeconds = 0;
  for (const task of tasks) {
    const board = buildBoard(files, { tier: "mini", task, facts: syntheticFacts() });
    if (!board) continue;
    boards++;
    const before = performance.now();
    for (const { optimizer } of board.rows) {
      for (const baseline of BASELINES) {
        const known = board.rows.some((row) => row.optimizer === baseline);
        if (known && optimizer !== baseline && comparePair(board, optimizer, baseline)) pairs++;
      }
    }
    pairSeconds += (performance.now() - before) / 1000;
  }
  return { seconds: (performance.now() - started) / 1000, pairSeconds, pairs, boards };
}

analyse(syntheticTrials(200));
console.log("trials    cells  boards  pairs  seconds  of which pairs");
for (const count of [1000, 10_000, 100_000]) {
  const files = syntheticTrials(count);
  const { seconds, pairSeconds, pairs, boards } = analyse(files);
  const trials = files.reduce((total, file) => total + file.trials.length, 0);
  const row = [trials, files.length, boards, pairs].map((value) => `${value}`.padStart(6));
  console.log(`${row.join("  ")}  ${seconds.toFixed(2).padStart(7)}  ${pairSeconds.toFixed(2)}`);
}
