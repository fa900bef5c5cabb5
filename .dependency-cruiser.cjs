/**
 * The layer rule: imports point down this list only. See CONTRIBUTING.md, "Where things are".
 */
const layers = [
  "engine",
  "nn",
  "linalg",
  "optimizer",
  "data",
  "results",
  "train",
  "analysis",
  "protocol",
  "studies",
  "launch",
  "submission",
  "cli",
];

/** Tests and what they share may look anywhere; so may scripts that make a file once. */
const tests = "\\.test\\.ts$|/testing/|/testing\\.ts$|/made-data\\.ts$|/pretrain\\.ts$";

/** What a layer may not import although it stands later in the list. */
const upward = layers.map((layer, i) => ({
  name: `${layer}-imports-down-only`,
  severity: "error",
  // The speed benchmarks time what stands above them.
  from: { path: `^suite/${layer}/`, pathNot: `${tests}|^suite/engine/speed/` },
  to: { path: `^(suite/(${layers.slice(i + 1).join("|") || "none"})|optimizers|tasks|site)/` },
}));

module.exports = {
  forbidden: [
    {
      name: "no-cycles",
      severity: "error",
      comment: "Two files that need each other are one idea: merge them, or move what they share.",
      from: {},
      to: { circular: true },
    },
    ...upward,
    {
      name: "analysis-imports-the-schema-only",
      severity: "error",
      from: { path: "^suite/analysis/", pathNot: tests },
      to: { path: "^suite/(?!analysis/|results/schema\\.ts$)" },
    },
    {
      name: "protocol-as-data",
      severity: "error",
      comment: "Training receives the protocol as plain data typed in results/schema.ts.",
      from: { path: "^suite/train/", pathNot: tests },
      to: { path: "^suite/protocol/" },
    },
    {
      name: "optimizers-see-the-contract",
      severity: "error",
      comment: "An optimizer is one file over the contract, layer types and linear algebra.",
      from: { path: "^optimizers/", pathNot: tests },
      to: {
        path: "^(suite|optimizers|tasks|site)/",
        pathNot: "^suite/(optimizer|nn|linalg)/|^suite/engine/phase\\.ts$|^optimizers/oracles/",
      },
    },
    {
      name: "tasks-see-models-data-and-the-protocol",
      severity: "error",
      from: { path: "^tasks/", pathNot: tests },
      to: {
        path: "^(suite|optimizers|site)/",
        pathNot: "^suite/(nn|data|optimizer|protocol|train)/|^suite/results/schema\\.ts$",
      },
    },
    {
      name: "only-binding-knows-onnxruntime",
      severity: "error",
      from: {
        path: "^(suite|optimizers|tasks|site)/",
        pathNot: "^suite/engine/(binding\\.ts|.*\\.test\\.ts|speed/|scripts/)",
      },
      to: { path: "onnxruntime-node" },
    },
    {
      name: "browser-safe",
      severity: "error",
      comment: "The site's race runs these files in a browser.",
      from: {
        path: "^(optimizers/|suite/(nn|linalg|optimizer|analysis)/|suite/engine/(gradients|phase)|suite/results/schema\\.ts)",
        pathNot: "\\.test\\.ts$|oracle|golden|conformance|/speed|test-",
      },
      to: { dependencyTypes: ["core"] },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    exclude: { path: "/conformance/" },
  },
};
