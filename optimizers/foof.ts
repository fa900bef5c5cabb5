/**
 * @file FOOF: each layer's gradient times the damped inverse covariance of its inputs.
 *
 *   A ← (1 − ρ)A + ρ hᵀh/rows, divided by 1 − (1 − ρ)ᵗ        h [rows, dIn]  layer inputs
 *   P(G) = (A + λI)⁻¹ G                                        G [dIn, dOut]
 *
 * Benzing 2022: K-FAC without the output factor; each neuron takes a regularised least-squares step
 * on its own inputs. Unlike that paper's code, A is a mean over rows for every layer, and momentum
 * follows preconditioning, as in the paper compared here. Biases keep the plain gradient, norm
 * parameters and tied weights too; an embedding's A is diagonal. Needs no labels.
 *
 * With statistics `batch` and rows < dIn, the same is computed through the rows (`input-factor.ts`),
 * exact in float32 at every λ. An averaged A at λ below 1e-5 is not: rounding decides there.
 *
 * Per layer: 2·rows·a² FLOPs of curvature, a³ per inverse, 2a²b per step, for a = dIn, b = dOut; a
 * large A that every step renews is a system (factor-system.ts, input-factor.ts).
 */
import { z } from "zod";
import { inPhase } from "../suite/engine/phase.ts";
import type { Observation, Pass } from "../suite/nn/evaluate.ts";
import { type Diagnostics, defineOptimizer } from "../suite/optimizer/declaration.ts";
import { withScratchState } from "../suite/optimizer/diagnostics.ts";
import { dueInverses } from "../suite/optimizer/factor-inverse.ts";
import {
  biasTreatment,
  damping,
  intervalHyperparameters,
  pipelineHyperparameters,
  precision,
  statisticsHyperparameters,
} from "../suite/optimizer/hyperparameters.ts";
import {
  type InputFactor,
  inputFactor,
  needsOutputGradients,
} from "../suite/optimizer/input-factor.ts";
import { inverseDue, statisticsDue } from "../suite/optimizer/interval.ts";
import {
  asParameters,
  gradientMatrix,
  parametersOf,
  type TreatedLayer,
  treatedLayers,
} from "../suite/optimizer/kronecker.ts";
import { preconditioned } from "../suite/optimizer/pipeline.ts";
import { sideBySide } from "../suite/optimizer/posed-systems.ts";
import { logUniform } from "../suite/optimizer/search.ts";

export const foof = defineOptimizer({
  id: "foof",
  name: "FOOF",
  family: "second-order",
  version: 1,
  order: 5,
  summary: "Each neuron's gradient divided by the covariance of its inputs.",
  rule: [
    "A \\leftarrow (1-\\rho)A + \\rho\\, h^\\top h/\\mathrm{rows}",
    "P(G) = (A+\\lambda I)^{-1}\\, G",
  ],
  citation: {
    authors: "Benzing",
    title: "Gradient Descent on Neurons and its Link to Approximate Second-Order Optimization",
    year: 2022,
    url: "https://arxiv.org/abs/2201.12250",
  },
  needs: { layerInputs: true },
  hyperparameters: z.strictObject({
    ...pipelineHyperparameters(0.03),
    damping: damping(1e-3),
    ...statisticsHyperparameters("ema"),
    ...intervalHyperparameters(),
    bias: biasTreatment("plain", "keeps its gradient"),
    precision: precision(),
  }),
  search: { learningRate: logUniform(1e-3, 1), damping: logUniform(1e-5, 1) },
  paperGrid: {
    learningRate: [0.3, 0.1, 0.03, 0.01, 0.003, 0.001],
    damping: [1, 1e-3, 1e-6, 1e-9],
  },
  schedule: "task",
  cost: ({ dIn: a, dOut: b, rows }) => ({
    curvature: 2 * rows * a * a,
    inverse: a ** 3,
    precondition: 2 * a * a * b,
    state: 2 * a * a + a * b,
  }),
  create: preconditioned(({ layers, hyperparameters: h }, state, events) => {
    const treated = treatedLayers(layers, { homogeneous: h.bias === "homogeneous" });
    const inverses = dueInverses(h.precision, events);
    const factors = treated.map((layer) => inputFactor(layer, h, state, inverses));
    const shown = { inputs: true, outputGradients: needsOutputGradients(treated, h) };
    const observe = (some: readonly InputFactor[], { observations }: Pass) =>
      treated.forEach(({ layer }, i) => {
        some[i]?.observe(observations.get(layer) as Observation);
      });
    const conditions = (some: readonly InputFactor[]): Diagnostics =>
      Object.fromEntries(
        treated.map(({ layer }, i) => [
          `condition.${layer.name}.A`,
          (some[i] as InputFactor).condition(h.damping),
        ]),
      );
    return {
      treated: parametersOf(treated, "homogeneous"),
      request: (info) => (statisticsDue(h, info) ? shown : {}),
      refresh: (pass, _, info) => {
        if (statisticsDue(h, info)) inPhase("curvature", () => observe(factors, pass));
        if (!inverseDue(h, info)) return;
        inPhase("inverse", () => {
          for (const factor of factors) factor.invert(h.damping);
          inverses.compute();
        });
      },
      apply: (gradientOf, { observations }) => {
        const solutions = treated.map((layer, i) => {
          const { solve } = factors[i] as InputFactor;
          return solve(gradientMatrix(layer, gradientOf), observations.get(layer.layer));
        });
        const directions = sideBySide(solutions).flatMap((direction, i) => {
          return asParameters(treated[i] as TreatedLayer, direction);
        });
        return new Map(directions);
      },
      diagnose: (problem) => {
        if (h.statistics === "ema") return conditions(factors);
        // The last batch's A is gone: look at that of this one.
        const pass = problem.evaluate({ ...shown, repeated: true });
        return withScratchState((scratch, unread) => {
          const due = dueInverses(h.precision, unread);
          const fresh = treated.map((layer) => inputFactor(layer, h, scratch, due));
          observe(fresh, pass);
          for (const factor of fresh) factor.invert(h.damping);
          due.compute();
          return conditions(fresh);
        });
      },
    };
  }),
});
