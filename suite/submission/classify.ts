/**
 * @file What a pull request is, and what it may touch. One submission is one optimizer file, its
 * test, its oracle and its own results; or results alone. Anything beside them is refused.
 */
import { MAX_FILE_BYTES } from "../results/schema.ts";
import { type Change, MAX_CHANGES } from "./changes.ts";
import { type PathKind, pathKind, pathProblem } from "./paths.ts";
import { anyRefused, type Finding, note, refused } from "./refusal.ts";

export interface Classified {
  /** `code`: it touches neither optimizers nor results, so it is reviewed as code is. */
  readonly kind: "submission" | "code";
  /** Name of the optimizer file, without ending; undefined for results alone. */
  readonly optimizer?: string;
  /** Whether that file is new. */
  readonly isNew: boolean;
  readonly sources: readonly Change[];
  readonly results: readonly Change[];
  readonly findings: readonly Finding[];
}

const PLAIN_FILE = "100644";
const MAX_SOURCE_BYTES = 256 * 1024;

/** Why these may not change together with a submission, by the first match. */
const GUARDED: readonly (readonly [pattern: RegExp, rule: string, why: string])[] = [
  [
    /^(package(-lock)?\.json|\.npmrc|npm-shrinkwrap\.json|.*\/package(-lock)?\.json)$/i,
    "dependencies",
    "dependencies change in a pull request of their own, which is reviewed line by line",
  ],
  [
    /^(\.github|\.ci)\//i,
    "workflow",
    "workflows and the bot change in a pull request of their own",
  ],
  [
    /^(suite|tasks|site)\//i,
    "harness",
    "what measures may not change together with what is measured",
  ],
  [
    /^(\.git[a-z]*$|tsconfig|vitest\.config|biome|\.dependency-cruiser)/i,
    "configuration",
    "configuration changes in a pull request of its own",
  ],
  [
    /^results\/(reference|speed)\//i,
    "reference",
    "the paper's numbers and step times are kept by the maintainers",
  ],
];

/** The base's optimizer ids, each with the name of its file. */
export type Owners = ReadonlyMap<string, string>;

/** @param owners of the base: a pull request cannot change who owns what. */
export function classify(changes: readonly Change[], owners: Owners): Classified {
  const isOurs = ({ path }: Change) => /^(optimizers|results)(\/|\\|$)/i.test(path);
  if (!changes.some(isOurs) && !changes.some(({ path }) => pathProblem(path))) {
    return { kind: "code", isNew: false, sources: [], results: [], findings: [] };
  }
  if (changes.length > MAX_CHANGES) {
    const message = `${changes.length} files; at most ${MAX_CHANGES}. Split it.`;
    const findings = [refused("too many files", "", message)];
    return { kind: "submission", isNew: false, sources: [], results: [], findings };
  }
  const findings = changes.flatMap(shapeFindings);
  const kinds = changes.map((change) => [change, pathKind(change.path)] as const);
  const names = new Set(kinds.flatMap(([, kind]) => ("name" in kind ? [kind.name] : [])));
  const [optimizer] = names;
  if (names.size > 1) {
    const list = [...names].sort().join(", ");
    findings.push(refused("one optimizer", "", `files of ${list}: one optimizer at a time`));
  }
  const file = kinds.find(([, { kind }]) => kind === "optimizer")?.[0];
  findings.push(...kinds.flatMap(([change, kind]) => placeFindings(change, kind)));
  if (optimizer !== undefined) findings.push(...ownFindings(optimizer, file, kinds, owners));
  return {
    kind: "submission",
    ...(optimizer !== undefined && { optimizer }),
    isNew: file?.status === "added",
    sources: kinds.flatMap(([change, { kind }]) =>
      kind !== "result" && kind !== "other" && change.status !== "deleted" ? [change] : [],
    ),
    results: anyRefused(findings)
      ? []
      : kinds.flatMap(([change, { kind }]) => (kind === "result" ? [change] : [])),
    findings,
  };
}

/** Names, modes and sizes: what no file may be, whatever it is for. */
function shapeFindings({ path, mode, size, status }: Change): Finding[] {
  const problem = pathProblem(path);
  if (problem) return [refused("path", path, problem)];
  if (status === "deleted") return [];
  if (mode === "120000") return [refused("symbolic link", path, "commit plain files")];
  if (mode === "160000") return [refused("submodule", path, "commit plain files")];
  const kind = pathKind(path).kind;
  if (mode !== PLAIN_FILE && kind !== "other") {
    return [refused("file mode", path, `mode ${mode}; files here are plain, ${PLAIN_FILE}`)];
  }
  const limit = kind === "result" ? MAX_FILE_BYTES : MAX_SOURCE_BYTES;
  if (size > limit) return [refused("size", path, `${size} bytes; at most ${limit}`)];
  return [];
}

function placeFindings({ path, status }: Change, kind: PathKind): Finding[] {
  if (pathProblem(path)) return [];
  if (kind.kind === "result" && kind.tier === "smoke") {
    return [refused("tier smoke", path, "tier smoke is for trying out and is never committed")];
  }
  if (kind.kind === "optimizer" && status === "deleted") {
    return [refused("deletion", path, "an optimizer leaves by a maintainer's hand, with a reason")];
  }
  if (kind.kind !== "other") return [];
  const guarded = GUARDED.find(([pattern]) => pattern.test(path));
  if (guarded) return [refused(guarded[1], path, guarded[2])];
  return [
    refused(
      "outside",
      path,
      "a submission is optimizers/NAME.ts, its test, its oracle, and results/ written by the suite",
    ),
  ];
}

/** With an optimizer's file come that optimizer's results, and no others. */
function ownFindings(
  optimizer: string,
  file: Change | undefined,
  kinds: readonly (readonly [Change, PathKind])[],
  owners: Owners,
): Finding[] {
  const findings: Finding[] = [];
  if (!file && ![...owners.values()].includes(optimizer)) {
    const message = `there is no optimizers/${optimizer}.ts that they could belong to`;
    findings.push(refused("no optimizer", `optimizers/${optimizer}.ts`, message));
  }
  const hasTest = kinds.some(([, { kind }]) => kind === "optimizer-test");
  if (file?.status === "added" && !hasTest) {
    const message = `commit optimizers/${optimizer}.test.ts too (npm run new writes it)`;
    findings.push(refused("no test", file.path, message));
  }
  if (file?.status === "modified") {
    const message = "an existing optimizer changes: was its version raised, do its results stand?";
    findings.push(note("changed optimizer", file.path, message));
  }
  for (const [{ path }, kind] of kinds) {
    if (kind.kind !== "result") continue;
    // An id that the base does not know must be declared by the file itself: checked once it has run.
    const owner = owners.get(kind.optimizer) ?? optimizer;
    if (owner !== optimizer) {
      const message = `results of optimizers/${owner}.ts, but this submission is ${optimizer}`;
      findings.push(refused("another's results", path, message));
    }
  }
  return findings;
}
