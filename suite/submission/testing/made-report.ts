/** @file A report as an honest check leaves it. */
import type { Report } from "../report.ts";

export const HEAD = "a".repeat(40);

export const madeReport: Report = {
  version: 1,
  head: HEAD,
  kind: "submission",
  optimizer: { file: "mine", ids: ["mine"], isNew: true },
  results: { files: 2, trials: 22, seconds: 143.2 },
  findings: [],
  moreFindings: 0,
  tests: { passed: 46, failed: 0, problem: null },
  smoke: [
    {
      optimizer: "mine",
      task: "mnist-mlp",
      batchSize: 64,
      score: 0.9312,
      metric: "test-accuracy",
      chance: 0.1,
      seconds: 6.1,
      problem: null,
    },
  ],
  rerun: {
    path: "results/mini/mnist-mlp/board/mine/b1024-n50000.onnxruntime-cpu-amd-epyc-7763-t1.json",
    key: "0123456789abcdef0123456789abcdef",
    verdict: "same bits",
    recorded: 0.9712,
    now: 0.9712,
    tolerance: 0.005,
    sameProcessor: true,
    from: 22,
  },
  boards: [
    {
      task: "mnist-mlp",
      tier: "mini",
      axis: "batch",
      metric: "test-accuracy",
      fixed: 50_000,
      points: [
        {
          optimizer: "mine",
          position: 1024,
          before: null,
          now: {
            score: 0.9712,
            standardError: 0.0008,
            interval: { low: 0.9693, high: 0.9731 },
            seeds: 3,
          },
          outlier: null,
        },
        {
          optimizer: "mine",
          position: 8192,
          before: {
            score: 0.912,
            standardError: 0.002,
            interval: { low: 0.907, high: 0.917 },
            seeds: 3,
          },
          now: {
            score: 0.941,
            standardError: 0.002,
            interval: { low: 0.936, high: 0.946 },
            seeds: 3,
          },
          outlier: 4.2,
        },
      ],
      crossovers: [
        { challenger: "mine", baseline: "sgd", before: null, now: "about 750; 95%: 520 to 1,300" },
      ],
      missing: [{ optimizer: "mine", position: 4096 }],
    },
  ],
  preview: true,
};
