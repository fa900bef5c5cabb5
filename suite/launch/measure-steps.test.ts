import { beforeAll, expect, it } from "vitest";
import { useBackend } from "../engine/index.ts";
import type { Contestant } from "../engine/speed/contestants.ts";
import type { Answer, Request } from "../engine/speed/protocol.ts";
import { loadOptimizer } from "../protocol/registry.ts";
import { measureSteps } from "./measure-steps.ts";
import { STEP_MODELS, type StepModel } from "./step-models.ts";
import type { OptimizerTimes } from "./step-table.ts";

beforeAll(() => useBackend({ threads: 1, spinning: false }));

/** Answers in 2 ms a step, knows no K-FAC and fails at AdamW. */
function fakePeer(asked: Request[]): Contestant {
  const answerTo = ({ sizes, steps }: Request): Answer => {
    if (sizes.optimizer === "kfac") return { absent: true };
    if (sizes.optimizer === "adamw") return { error: "no luck" };
    return { milliseconds: Array.from({ length: steps }, () => 2) };
  };
  return {
    key: "fake",
    name: "Fake 1",
    ask: async (request) => {
      asked.push(request);
      return answerTo(request);
    },
    stop: () => undefined,
  };
}

it("measures variants beside SGD and a peer, and nothing compiles in timed steps", async () => {
  const model = STEP_MODELS[0] as StepModel;
  const asked: Request[] = [];
  const seen: string[] = [];
  const measured = await measureSteps(model, {
    optimizers: await Promise.all(["sgd", "adamw", "kfac"].map((id) => loadOptimizer(id))),
    sgd: await loadOptimizer("sgd"),
    rounds: 2,
    peer: fakePeer(asked),
    onOptimizer: ({ optimizer }) => seen.push(optimizer),
  });
  expect(seen).toEqual(["sgd", "adamw", "kfac"]);
  const [sgd, adamw, kfac] = measured as [OptimizerTimes, OptimizerTimes, OptimizerTimes];
  expect(sgd.variants.map(({ refresh }) => refresh)).toEqual(["none"]);
  expect(sgd.peer).toMatchObject({ name: "Fake 1", medianMs: 2 });
  expect(adamw.peer).toEqual({ name: "Fake 1", error: "no luck" });
  expect(kfac.peer).toBeUndefined();
  // In 2 ms too, whatever the method.
  for (const { variants, timesPeerSgd = 0 } of measured) {
    expect(timesPeerSgd / ((variants[0]?.medianMs ?? 0) / 2)).toBeCloseTo(1, 2);
  }
  expect(asked[0]).toMatchObject({ case: "mlp", sizes: { hidden: 128, optimizer: "sgd" } });

  const refreshes = Object.fromEntries(kfac.variants.map((one) => [one.refresh, one]));
  expect(Object.keys(refreshes)).toEqual(["1", "10", "statistics", "never"]);
  const flopsOf = (refresh: string) => refreshes[refresh]?.flops;
  // Every tenth step inverts; every step solves, for fewer FLOPs.
  const [tenth, every] = [flopsOf("10")?.inverse as number, flopsOf("1")?.inverse as number];
  expect(tenth).toBeGreaterThan(every / 10);
  expect(tenth).toBeLessThan(every);
  expect(kfac.phases).toEqual({ curvature: expect.any(Number), inverse: expect.any(Number) });
  expect(flopsOf("never")).toMatchObject({ curvature: 0, inverse: 0 });
  expect(flopsOf("statistics")?.curvature).toBe(flopsOf("1")?.curvature);
  for (const { recompiles, fallbacks } of measured) {
    expect({ recompiles, fallbacks }).toEqual({ recompiles: 0, fallbacks: [] });
  }
});
