/** @file Which paths a submission may name. Everything else is refused before it is looked at. */

/** What a path of a pull request is for. */
export type PathKind =
  | { readonly kind: "optimizer"; readonly name: string }
  | { readonly kind: "optimizer-test"; readonly name: string }
  | { readonly kind: "oracle"; readonly name: string }
  | { readonly kind: "result"; readonly optimizer: string; readonly tier: string }
  | { readonly kind: "other" };

const NAME = "[a-z][a-z0-9]*(?:-[a-z0-9]+)*";
const SLUG = "[a-z0-9]+(?:-[a-z0-9]+)*";
const OPTIMIZER = new RegExp(`^optimizers/(${NAME})(\\.test)?\\.ts$`);
const ORACLE = new RegExp(`^optimizers/oracles/(${NAME})\\.(?:json|py)$`);
const RESULT = new RegExp(
  `^results/(paper|mini|smoke)/${SLUG}/${SLUG}/(${SLUG})/b[1-9][0-9]*-n[1-9][0-9]*\\.${SLUG}\\.json$`,
);

/** Longest path that any of the allowed forms needs. */
const MAX_PATH = 240;

/** Why this cannot be a path of a submission, whatever it is for; undefined when it can. */
export function pathProblem(path: string): string | undefined {
  if (path.length > MAX_PATH) return `a path of ${path.length} characters; at most ${MAX_PATH}`;
  // Look-alikes, direction marks, control characters and spaces: none has a use here.
  const odd = [...path].find((character) => !/[A-Za-z0-9._/@+-]/.test(character));
  if (odd !== undefined) {
    const code = (odd.codePointAt(0) as number).toString(16).toUpperCase().padStart(4, "0");
    return `the character U+${code} in a name; use letters, digits, dots and hyphens`;
  }
  const parts = path.split("/");
  if (path.startsWith("/") || parts.some((part) => part === "" || part === "." || part === "..")) {
    return "a path that leaves its folder";
  }
  return undefined;
}

/** What the path is for; unknown forms are `other`. */
export function pathKind(path: string): PathKind {
  const optimizer = OPTIMIZER.exec(path);
  if (optimizer) {
    const name = optimizer[1] as string;
    return { kind: optimizer[2] ? "optimizer-test" : "optimizer", name };
  }
  const oracle = ORACLE.exec(path);
  if (oracle) return { kind: "oracle", name: oracle[1] as string };
  const result = RESULT.exec(path);
  if (result) {
    return { kind: "result", tier: result[1] as string, optimizer: result[2] as string };
  }
  return { kind: "other" };
}
