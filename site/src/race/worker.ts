/** @file A racer's worker: loads its optimizer from the repository's own file, and trains. */
import {
  isOptimizerDeclaration,
  type OptimizerDeclaration,
} from "../../../suite/optimizer/declaration.ts";
import { startBackend } from "./backend.ts";
import { loadDigits } from "./digits.ts";
import type { FromRacer, RacerOrder, ToRacer } from "./messages.ts";
import { createRacer, type Racer } from "./racer.ts";

const modules = import.meta.glob<Readonly<Record<string, unknown>>>([
  "../../../optimizers/*.ts",
  "!../../../optimizers/*.test.ts",
]);

/** Longest stretch of steps without hearing messages. */
const TURN_MS = 60;
const POINTS = 120;
const EVALUATIONS = 20;

let paused = false;
let wake: (() => void) | undefined;

const say = (message: FromRacer) => postMessage(message);

addEventListener("message", ({ data }: MessageEvent<ToRacer>) => {
  if (data.type === "start")
    run(data.order).catch((error: unknown) => say({ type: "error", message: String(error) }));
  if (data.type === "pause") paused = true;
  if (data.type === "resume") {
    paused = false;
    wake?.();
  }
});

/** A variant lives in its relative's file, so the id is looked for where it is likely first. */
async function declarationOf(id: string): Promise<OptimizerDeclaration> {
  const likely = (path: string) => (id.startsWith(path.replace(/^.*\/|\.ts$/g, "")) ? 0 : 1);
  const paths = Object.keys(modules).sort((a, b) => likely(a) - likely(b) || a.length - b.length);
  for (const path of paths) {
    const values = Object.values((await modules[path]?.()) ?? {});
    const found = values.filter(isOptimizerDeclaration).find((one) => one.id === id);
    if (found) return found;
  }
  throw new Error(`There is no optimizer "${id}".`);
}

async function run(order: RacerOrder): Promise<void> {
  const [declaration, digits] = await Promise.all([
    declarationOf(order.optimizer),
    loadDigits(order.digits),
    startBackend(),
  ]);
  const racer = createRacer(declaration, digits, order);
  say({ type: "ready", steps: racer.steps });
  say({ type: "done", diverged: await trainAll(racer) });
}

/** Until the last step, or until the loss is no number. */
async function trainAll(racer: Racer): Promise<boolean> {
  const due = new Set(spaced(racer.steps, POINTS));
  const evaluated = new Set(spaced(racer.steps, EVALUATIONS));
  let last = performance.now();
  for (let step = 1; step <= racer.steps; step++) {
    if (due.has(step) || evaluated.has(step)) {
      const point = racer.point(evaluated.has(step));
      say({ type: "point", point });
      if (!Number.isFinite(point.loss)) return true;
    } else racer.step();
    if (performance.now() - last > TURN_MS) {
      await turn();
      last = performance.now();
    }
  }
  return false;
}

/** Lets messages in; waits while paused. */
async function turn(): Promise<void> {
  await new Promise<void>((resolve) => {
    setTimeout(resolve, 0);
  });
  if (!paused) return;
  await new Promise<void>((resolve) => {
    wake = resolve;
  });
}

/** `count` steps from 1 to the last, evenly. */
function spaced(steps: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) =>
    Math.max(1, Math.round(((i + 1) / count) * steps)),
  );
}
