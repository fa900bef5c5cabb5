import { expect, it } from "vitest";
import { namer } from "./named.ts";

const named = namer([
  ["kfac", "K-FAC"],
  ["kfac-local", "K-FAC (local)"],
  ["sgd", "SGD"],
]);

it.each([
  ["kfac-local is ahead of kfac.", "K-FAC (local) is ahead of K-FAC."],
  ["On kfac-task, sgd and sgdm", "On kfac-task, SGD and sgdm"],
])("%s", (text, expected) => {
  expect(named(text)).toBe(expected);
});
