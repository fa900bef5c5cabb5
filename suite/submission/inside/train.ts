/**
 * @file Runs in the sandbox: trains the packed trial and writes the final weights. Nothing that it
 * says of itself is believed; a process outside evaluates the weights.
 */
import { useBackend } from "../../engine/index.ts";
import type { Configuration } from "../../optimizer/search.ts";
import type { SavedTensor } from "../../optimizer/state.ts";
import { loadOptimizer } from "../../protocol/registry.ts";
import { loadTask, tierOf } from "../../protocol/tasks.ts";
import { writeCheckpoint } from "../../train/checkpoint.ts";
import { runTrial } from "../../train/trial.ts";
import { packedData, readPack } from "../pack.ts";

const [input, output] = process.argv.slice(2) as [string, string];
const pack = readPack(input);
const { cell, hyperparameters, seed, steps, threads } = pack;
await useBackend({ backend: "onnxruntime", device: "cpu", threads, spinning: false });
const protocol = tierOf(await loadTask(cell.task), cell.tier);
const optimizer = await loadOptimizer(cell.optimizer);
const data = packedData(input, pack);
await runTrial(
  {
    protocol,
    build: (builder, values) => protocol.build(builder, values, data),
    data,
    optimizer,
    hyperparameters: hyperparameters as Configuration,
    batchSize: cell.batchSize,
    datasetSize: cell.datasetSize,
    steps,
    seed,
  },
  {
    onFinal: async ({ parameters, buffers }) => {
      const tensors: Record<string, SavedTensor> = {};
      for (const { name, variable } of [...parameters, ...buffers]) {
        const { shape, dtype } = variable;
        const values = (await variable.data()).slice() as SavedTensor["values"];
        tensors[name] = { shape, dtype: dtype as SavedTensor["dtype"], values };
      }
      writeCheckpoint(`${output}/weights`, { meta: {}, tensors });
    },
  },
);
