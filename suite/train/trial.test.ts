import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { adamw } from "../../optimizers/adamw.ts";
import { kfac } from "../../optimizers/kfac.ts";
import { sgd } from "../../optimizers/sgd.ts";
import { trainingBatches } from "../data/batches.ts";
import { examplesOf, type Preparation } from "../data/examples.ts";
import { stream } from "../data/prng.ts";
import { useBackend } from "../engine/index.ts";
import { linear } from "../nn/linear.ts";
import type { Model, ModelBuilder } from "../nn/model.ts";
import type { OptimizerDeclaration } from "../optimizer/declaration.ts";
import type { Configuration } from "../optimizer/search.ts";
import type { TaskData } from "./data.ts";
import { madeData } from "./made-data.ts";
import type { TrialSpec } from "./spec.ts";
import { runTrial, TrialInterrupted } from "./trial.ts";

function build(builder: ModelBuilder): Model {
  const hidden = linear(builder, "hidden", { dIn: 5, dOut: 8, bias: true });
  const head = linear(builder, "head", { dIn: 8, dOut: 3, bias: false, place: "head" });
  return builder.build((x, pass) => head(tf.relu(hidden(x, pass)), pass) as tf.Tensor2D);
}

function spec(optimizer: OptimizerDeclaration, given: Configuration, seed = 1): TrialSpec {
  return {
    protocol: {
      budget: { unit: "epochs", amount: 5 },
      schedule: { kind: "cosine", per: "epoch", warmupSteps: 0 },
      labelSmoothing: 0.1,
      metric: "accuracy",
      selection: "validation",
      evaluations: 4,
      trainExamplesPerEvaluation: 24,
      evaluationBatch: 16,
    },
    build,
    data: madeData(),
    optimizer,
    hyperparameters: optimizer.hyperparameters.parse(given) as Configuration,
    batchSize: 8,
    datasetSize: 48,
    steps: 30,
    seed,
  };
}

/** Made images of five pixels, brighter where their class is. */
function imageData({ table }: { table: boolean }): TaskData {
  const random = stream(1, "made");
  const classes = Array.from({ length: 48 }, (_, i) => i % 3);
  const pixels = classes.flatMap((one) =>
    [0, 1, 2, 3, 4].map((pixel) => random.integer(100) + (pixel === one ? 100 : 0)),
  );
  const examples = examplesOf(Uint8Array.from(pixels), classes, { shape: [5], classes: 3 });
  const values = Float32Array.from(pixels, (pixel) => pixel / 64 - 1);
  const preparation: Preparation = {
    shape: [5],
    fill: (_, row, target, offset) => target.set(values.subarray(5 * row, 5 * row + 5), offset),
    ...(table && { table: () => values }),
  };
  const batches: TaskData["batches"] = ({ batchSize, seed }) =>
    trainingBatches({ examples, preparation, batchSize, seed });
  return { ...madeData(), batches };
}

// Declarations of different hyperparameters share no exact type.
const any = (optimizer: unknown) => optimizer as OptimizerDeclaration;

describe("runTrial", () => {
  const folder = mkdtempSync(join(tmpdir(), "crossover-trial-"));
  beforeAll(async () => {
    await useBackend({ backend: "onnxruntime", threads: 1, spinning: false });
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it("records diagnostics when asked, without changing a bit", async () => {
    const before = tf.memory().numTensors;
    const plain = spec(any(kfac), { learningRate: 0.05 });
    const asked = await runTrial({ ...plain, diagnosticPoints: 3 });
    const { step, series } = asked.diagnostics?.optimizer ?? { step: [], series: {} };
    expect(step).toEqual([15, 30]);
    expect(Object.keys(series)).toEqual(
      expect.arrayContaining(["update/parameter.head.weight", "condition.hidden.A"]),
    );
    expect(Object.values(series).every((values) => values.every((x) => (x ?? 0) > 0))).toBe(true);
    const unasked = await runTrial(plain);
    expect(unasked.diagnostics).toBeUndefined();
    expect(asked.fingerprint).toBe(unasked.fingerprint);
    expect(tf.memory().numTensors).toBe(before);
  });

  it.each([
    ["sgd", any(sgd), {}],
    ["adamw", any(adamw), { learningRate: 0.01 }],
    ["kfac", any(kfac), { learningRate: 0.05, damping: 0.01 }],
  ] as const)("trains with %s and records what it did", async (_, optimizer, given) => {
    const before = tf.memory().numTensors;
    const { status, evaluations, training, final, cost, preconditioned, plain } = await runTrial(
      spec(optimizer, given),
    );
    expect(status).toBe("finished");
    expect(evaluations.step).toEqual([0, 10, 20, 30]);
    expect(training.step.at(-1)).toBe(30);
    expect(final.trainLoss).toBeLessThan(evaluations.trainLoss[0] as number);
    expect(final.testAccuracy).toBeGreaterThan(0.5);
    expect(cost.steps).toBe(30);
    expect(cost.perStep.forward.flops).toBeGreaterThan(0);
    expect([...preconditioned, ...plain].sort()).toEqual([
      "head.weight",
      "hidden.bias",
      "hidden.weight",
    ]);
    expect(tf.memory().numTensors).toBe(before);
  });

  it("gives the same bits for the same seed, and others for another", async () => {
    const first = await runTrial(spec(any(kfac), { damping: 0.01 }));
    const second = await runTrial(spec(any(kfac), { damping: 0.01 }));
    const other = await runTrial(spec(any(kfac), { damping: 0.01 }, 2));
    expect(second.fingerprint).toBe(first.fingerprint);
    expect(second.training).toEqual(first.training);
    expect(other.fingerprint).not.toBe(first.fingerprint);
  });

  it("trains on rows of a table that the engine keeps with the same bits, memory and counts", async () => {
    const before = tf.memory().numTensors;
    const asked = spec(any(kfac), { damping: 0.01 });
    const copied = await runTrial({ ...asked, data: imageData({ table: false }) });
    const kept = await runTrial({ ...asked, data: imageData({ table: true }) });
    expect(kept.fingerprint).toBe(copied.fingerprint);
    expect(kept.training).toEqual(copied.training);
    const { seconds: _, ...counted } = copied.cost;
    expect(kept.cost).toMatchObject(counted);
    expect(tf.memory().numTensors).toBe(before);
  });

  it("goes on from a checkpoint with the bits of an uninterrupted run", async () => {
    const whole = await runTrial(spec(any(kfac), { damping: 0.01 }));
    const path = join(folder, "kfac.checkpoint");
    const checkpoint = { path, everySeconds: 1000 };
    const stop = new AbortController();
    const interrupted = runTrial(spec(any(kfac), { damping: 0.01 }), {
      checkpoint,
      signal: stop.signal,
      onProgress: (done) => {
        if (done >= 13) stop.abort();
      },
    });
    await expect(interrupted).rejects.toThrow(TrialInterrupted);
    const resumed = await runTrial(spec(any(kfac), { damping: 0.01 }), { checkpoint });
    expect(resumed.fingerprint).toBe(whole.fingerprint);
    expect(resumed.training).toEqual(whole.training);
    expect(resumed.final).toEqual(whole.final);
    expect(resumed.cost.flops).toBe(whole.cost.flops);
  });

  it("restores the streams that a method asks for while it runs, not at its start", async () => {
    const noisy = {
      ...any(sgd),
      create: (context) => {
        const inner = any(sgd).create(context);
        const step: typeof inner.step = (problem, info) => {
          const noise = context.random("probe").normal(1)[0] as number;
          const [first] = context.parameters;
          tf.tidy(() => first?.variable.assign(tf.add(first.variable, 0.01 * noise)));
          return inner.step(problem, info);
        };
        return { ...inner, step };
      },
    } satisfies OptimizerDeclaration;
    const whole = await runTrial(spec(noisy, {}));
    const checkpoint = { path: join(folder, "noisy.checkpoint"), everySeconds: 1000 };
    const stop = new AbortController();
    const onProgress = (done: number) => done >= 7 && stop.abort();
    const interrupted = runTrial(spec(noisy, {}), { checkpoint, signal: stop.signal, onProgress });
    await expect(interrupted).rejects.toThrow(TrialInterrupted);
    const resumed = await runTrial(spec(noisy, {}), { checkpoint });
    expect(resumed.fingerprint).toBe(whole.fingerprint);
  });

  it("records divergence as a result", async () => {
    const run = await runTrial(spec(any(sgd), { learningRate: 500, clipNorm: 1e9 }));
    expect(run.status).toBe("diverged");
    expect(run.reason).toMatch(/loss .* at step \d+/);
  });
});
