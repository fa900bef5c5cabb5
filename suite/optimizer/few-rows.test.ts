import { beforeAll, expect, it } from "vitest";
import { useBackend } from "../engine/index.ts";
import { fewRowsRequest } from "./few-rows.ts";
import { treatedLayers } from "./kronecker.ts";
import { linearLayer } from "./testing/fixed-problem.ts";

beforeAll(() => useBackend({ backend: "reference" }));

const requestOf = (...layers: ReturnType<typeof linearLayer>[]) =>
  fewRowsRequest(treatedLayers(layers, { homogeneous: false }));

it("asks for the rows of large layers, where they take fewer FLOPs than the gradient", () => {
  const [large, small] = [linearLayer(300, 300), linearLayer(255, 300)];
  const { only, ...shown } = requestOf(large, small);
  expect(shown).toEqual({ inputs: true, outputGradients: true });
  // rows·(a² + b²) < ab(a + b): below 300 for a = b = 300.
  expect([1, 299, 300, 1e6].map((rows) => only?.(large, rows))).toEqual([true, true, false, false]);
  expect(only?.(small, 1)).toBe(false);
  expect(only?.(linearLayer(300, 300), 1)).toBe(false);
});

it("asks for nothing where no layer is large", () => {
  expect(requestOf(linearLayer(255, 300))).toEqual({});
});
