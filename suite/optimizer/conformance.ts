/**
 * @file What every optimizer must do, whoever wrote it. An optimizer's test calls
 * `describeConformance(await import("./mine.ts"))`; failures say what the file must provide.
 */
import { readFileSync } from "node:fs";
import * as tf from "@tensorflow/tfjs-core";
import katex from "katex";
import { beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { engineCounters, flush, resetEngineCounters, useBackend } from "../engine/index.ts";
import { isOptimizerDeclaration, type OptimizerDeclaration } from "./declaration.ts";
import { readEvents } from "./events.ts";
import { type GoldenFile, goldenIssue } from "./golden.ts";
import { type PipelineCreate, type PipelineHyperparameters, preconditioned } from "./pipeline.ts";
import { optimizerFingerprint } from "./testing/fingerprint.ts";
import { SMALL_MODELS } from "./testing/small-models.ts";
import { type SmallRun, smallRun } from "./testing/small-run.ts";
import { tiedHeadRun } from "./testing/tied-run.ts";

// Loaded by its address: this layer knows no optimizer.
const { sgd } = (await import(new URL("../../optimizers/sgd.ts", import.meta.url).href)) as {
  readonly sgd: OptimizerDeclaration;
};

const goldens: GoldenFile = JSON.parse(
  readFileSync(new URL("golden.json", import.meta.url), "utf8"),
);

export interface ConformanceOptions {
  /** Kernels that run in JavaScript on onnxruntime, so that a step waits for them; and why. */
  readonly fallbacks?: Readonly<Record<string, string>>;
}

/** Registers the conformance tests of every optimizer that a file exports. */
export function describeConformance(
  exported: Readonly<Record<string, unknown>>,
  options: ConformanceOptions = {},
): void {
  const declarations = Object.values(exported).filter(isOptimizerDeclaration);
  it("the file exports an optimizer", () => {
    expect(declarations, "export the result of defineOptimizer({…})").not.toHaveLength(0);
  });
  for (const declaration of declarations) describeOne(declaration, options);
}

function describeOne(declaration: OptimizerDeclaration, options: ConformanceOptions): void {
  describe(`${declaration.id} conforms`, () => {
    beforeAll(() => useBackend({ backend: "reference" }));
    describeDeclaration(declaration);
    describe.each(SMALL_MODELS)("on the small model %s", (model) => {
      describeTraining(declaration, (settings, create) =>
        smallRun(declaration, model, settings, create),
      );
    });
    it("trains a head that shares the token embedding's weight", () => {
      const { losses, finite } = tiedHeadRun(declaration, 4);
      expect(finite).toBe(true);
      expect(losses.at(-1)).toBeLessThan(losses[0] as number);
    });
    describeEngine(declaration, options);
  });
}

function describeDeclaration(declaration: OptimizerDeclaration): void {
  const { id, hyperparameters, cost, version } = declaration;

  it("has a hyperparameter learningRate and refuses unknown ones", () => {
    expect(Object.keys(hyperparameters.shape)).toContain("learningRate");
    const unknown = hyperparameters.safeParse({ noSuchHyperparameter: 1 });
    expect(unknown.success, "use z.strictObject, so that a typing error is noticed").toBe(false);
  });

  it("writes its rule and its symbols in TeX that can be set", () => {
    const symbols = Object.values(hyperparameters.shape).map(
      (schema) => z.globalRegistry.get(schema as z.ZodType)?.symbol,
    );
    for (const line of [...declaration.rule, ...symbols]) {
      expect(
        () => katex.renderToString(String(line), { strict: "error" }),
        `${line}`,
      ).not.toThrow();
    }
  });

  it("states costs that grow with the layer", () => {
    const size = { dIn: 64, dOut: 32, rows: 16, examples: 16 };
    const wide = { ...size, dIn: 128 };
    for (const [name, amount] of Object.entries(cost(size))) {
      expect(amount, `cost.${name}, in FLOPs or floats`).toBeGreaterThanOrEqual(0);
      expect(cost(wide)[name as "state"]).toBeGreaterThanOrEqual(amount as number);
    }
  });

  it("computes what its version computed before", () => {
    const numbers = optimizerFingerprint(declaration);
    const issue = goldenIssue(`Optimizer "${id}"`, { version, numbers }, goldens.optimizers[id]);
    expect(issue).toBeUndefined();
  });
}

type StartRun = (
  settings?: Readonly<Record<string, unknown>>,
  create?: OptimizerDeclaration["create"],
) => SmallRun;

function describeTraining(declaration: OptimizerDeclaration, start: StartRun): void {
  it("moves finite parameters, and keeps no tensor but its state", () => {
    const before = tf.memory().numTensors;
    const run = start();
    const [initial, held] = [run.parameters(), tf.memory().numTensors];
    for (let step = 0; step < 3; step++) expect(run.step()).toBeTypeOf("number");
    expect(tf.memory().numTensors, "wrap a step's tensors in tf.tidy").toBe(held);
    const moved = run.parameters();
    expect(moved.every((values) => values.every(Number.isFinite))).toBe(true);
    expect(moved).not.toEqual(initial);
    const names = run.parameterNames();
    expect(names).toEqual(expect.arrayContaining([...run.optimizer.preconditioned]));
    expect(readEvents(run.optimizer.state).keptInverses).toBe(0);
    run.dispose();
    expect(tf.memory().numTensors, "hold tensors in the OptimizerState only").toBe(before);
  });

  it("has the same bits for the same seed, and goes on with the same bits from a save", () => {
    const [first, second, resumed] = [start(), start(), start()];
    for (const run of [first, second]) for (let step = 0; step < 3; step++) run.step();
    expect(second.parameters()).toEqual(first.parameters());
    resumed.restore(structuredClone(first.save()));
    for (const run of [first, resumed]) for (let step = 0; step < 3; step++) run.step();
    expect(resumed.parameters(), "everything it remembers must be in its state").toEqual(
      first.parameters(),
    );
    for (const run of [first, second, resumed]) run.dispose();
  });

  it("lowers the loss in 20 full-batch steps at its defaults", () => {
    const run = start();
    const initial = run.loss();
    for (let step = 0; step < 20; step++) run.step("all");
    const restore = run.optimizer.useEvaluationWeights?.();
    expect(run.loss()).toBeLessThan(initial);
    restore?.();
    run.dispose();
  });

  it("diagnoses in finite numbers, changing nothing", () => {
    const run = start();
    for (let step = 0; step < 2; step++) run.step();
    const [before, held] = [run.save(), tf.memory().numTensors];
    const values = tf.tidy(() =>
      Object.values(run.diagnose()).map((tensor) => [...tensor.dataSync()]),
    ) as unknown as number[][];
    expect(values.flat().every(Number.isFinite)).toBe(true);
    expect(tf.memory().numTensors).toBe(held);
    const after = run.save();
    expect({ ...after, streams: [] }).toEqual({ ...before, streams: [] });
    run.dispose();
  });

  const create: unknown = declaration.create;
  if (!isPipeline(create)) return;
  it("is SGD, bit for bit, where it preconditions nothing", () => {
    const identity = preconditionNothing(create);
    const shared = { learningRate: 0.05, momentum: 0.9, weightDecay: 1e-3, clipNorm: 0.5 };
    const run = start(shared, identity as unknown as OptimizerDeclaration["create"]);
    const plain = start(shared, sgd.create);
    for (let step = 0; step < 5; step++) {
      run.step();
      plain.step();
    }
    expect(run.parameters()).toEqual(plain.parameters());
    run.dispose();
    plain.dispose();
  });
}

const isPipeline = (create: unknown): create is PipelineCreate<PipelineHyperparameters> =>
  typeof create === "function" && "preconditioner" in create;

/** The method with its P(g) replaced by g. */
function preconditionNothing(create: PipelineCreate<PipelineHyperparameters>) {
  return preconditioned<PipelineHyperparameters>((...given) => ({
    ...create.preconditioner(...given),
    apply: () => new Map(),
  }));
}

function describeEngine(
  { hyperparameters, ...declaration }: OptimizerDeclaration,
  { fallbacks = {} }: ConformanceOptions,
): void {
  const named = Object.keys(fallbacks);
  // Two rounds of every interval are seen before the count: defaults may be long.
  const known = (intervals: object) =>
    Object.fromEntries(Object.entries(intervals).filter(([name]) => name in hyperparameters.shape));

  it.each([
    known({ curvatureInterval: 1, inverseInterval: 1 }),
    known({ curvatureInterval: 2, inverseInterval: 4 }),
  ])("compiles nothing in steady state, at %o", async (at) => {
    await useBackend({ backend: "onnxruntime", threads: 1 });
    const run = smallRun({ hyperparameters, ...declaration }, "mlp", at);
    resetEngineCounters();
    const take = (steps: number) => {
      for (let step = 0; step < steps; step++) {
        const runs = engineCounters().runs;
        run.recordStep();
        if (named.length === 0) {
          expect(engineCounters().runs, "a step may not wait for a tensor's value").toBe(runs);
        }
        flush();
      }
      return engineCounters().compiles;
    };
    const warm = take(9);
    expect(take(8), "write values that change as tensors, never as attributes").toBe(warm);
    const ran = Object.keys(engineCounters().fallbacks);
    expect(ran, "kernels without a graph: name them, with the reason").toEqual(named);
    run.dispose();
    await useBackend({ backend: "reference" });
  });
}
