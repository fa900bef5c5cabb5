/** @file Makes the loop in which tfjs interprets a program lean. Its results stay the same. */
import { dataRecords } from "./data-records.ts";
import { internals } from "./internals.ts";
import { leanRunKernel } from "./kernel.ts";
import { leanEndScope } from "./scope.ts";
import { leanAddTapeNode, leanGradients } from "./tape.ts";

let done = false;

export function leanEngine(): void {
  if (done) return;
  done = true;
  const engine = internals();
  engine.runKernel = leanRunKernel(engine);
  engine.endScope = leanEndScope(engine);
  engine.addTapeNode = leanAddTapeNode(engine);
  engine.gradients = leanGradients(engine);
  engine.state.tensorInfo = dataRecords(engine.state.tensorInfo);
}
