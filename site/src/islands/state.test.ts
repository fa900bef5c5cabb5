import fc from "fast-check";
import { expect, it } from "vitest";
import { ALL, isShown, readState, SORTS, writeState } from "./state.ts";

it("a view survives its address", () => {
  const views = fc.record({
    q: fc.string({ maxLength: 12 }),
    group: fc.constantFrom("", "second-order", "first-order"),
    fold: fc.constantFrom("", "variants"),
    size: fc.constantFrom("", "256", "8192"),
    vs: fc.constantFrom("", "adamw"),
    sort: fc.constantFrom(...SORTS),
    descending: fc.boolean(),
  });
  fc.assert(
    fc.property(views, (view) => {
      expect(readState(writeState(view))).toEqual(view);
    }),
  );
});

it("the whole board needs no address, and nonsense shows it", () => {
  expect(writeState(ALL)).toBe("");
  expect(readState("?sort=sideways&else=1")).toEqual(ALL);
});

it("filters combine, and a row without a size stays when a size is chosen", () => {
  const entry = {
    optimizer: "kfac",
    name: "K-FAC",
    groups: ["second-order", "layers"],
    variant: "",
    size: "",
  };
  expect(isShown({ ...ALL, q: "k-f", size: "256" }, entry)).toBe(true);
  expect(isShown({ ...ALL, size: "256" }, { ...entry, size: "512" })).toBe(false);
  expect(isShown({ ...ALL, q: "k-f", group: "first-order" }, entry)).toBe(false);
  expect(isShown({ ...ALL, group: "layers" }, entry)).toBe(true);
});

it("folding hides variants and nothing else", () => {
  const entry = { optimizer: "kfac", name: "K-FAC", groups: [], variant: "", size: "" };
  expect(isShown({ ...ALL, fold: "variants" }, entry)).toBe(true);
  expect(isShown({ ...ALL, fold: "variants" }, { ...entry, variant: "kfac" })).toBe(false);
});
