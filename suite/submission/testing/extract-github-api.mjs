/**
 * @file Writes github-api.json: the parts of GitHub's own OpenAPI description that the loopback
 * server answers for. The package that publishes it is 385 MB, so it is no dependency:
 *
 *   npm pack @octokit/openapi@23.0.2 && tar xf octokit-openapi-23.0.2.tgz
 *   node suite/submission/testing/extract-github-api.mjs package/generated/api.github.com.json
 */
import { readFileSync, writeFileSync } from "node:fs";

const ROUTES = [
  ["/repos/{owner}/{repo}/pulls/{pull_number}", "get"],
  ["/repos/{owner}/{repo}/pulls/{pull_number}/files", "get"],
  ["/repos/{owner}/{repo}/pulls", "get"],
  ["/repos/{owner}/{repo}/issues/{issue_number}/comments", "get"],
  ["/repos/{owner}/{repo}/issues/{issue_number}/comments", "post"],
  ["/repos/{owner}/{repo}/issues/comments/{comment_id}", "patch"],
  ["/repos/{owner}/{repo}/issues/{issue_number}/labels", "get"],
  ["/repos/{owner}/{repo}/issues/{issue_number}/labels", "post"],
  ["/repos/{owner}/{repo}/issues/{issue_number}/labels/{name}", "delete"],
  ["/repos/{owner}/{repo}/issues", "get"],
  ["/repos/{owner}/{repo}/issues", "post"],
  ["/repos/{owner}/{repo}/actions/runs/{run_id}", "get"],
  ["/repos/{owner}/{repo}/actions/runs/{run_id}/artifacts", "get"],
];

/** Prose and samples say nothing to a validator. */
const PROSE = new Set(["description", "example", "examples", "summary", "externalDocs", "title"]);

const { openapi, info, paths, components } = JSON.parse(readFileSync(process.argv[2], "utf8"));
const used = { schemas: {}, responses: {}, parameters: {}, headers: {} };

function lean(value, parent) {
  if (Array.isArray(value)) return value.map((one) => lean(one));
  if (typeof value !== "object" || value === null) return value;
  if (typeof value.$ref === "string") include(value.$ref);
  const kept = Object.entries(value).filter(
    ([name, one]) =>
      !name.startsWith("x-") &&
      // A property may be called `description`; an annotation is a text.
      (parent === "properties" ||
        !PROSE.has(name) ||
        (typeof one === "object" && name === "title")),
  );
  return Object.fromEntries(kept.map(([name, one]) => [name, lean(one, name)]));
}

function include(reference) {
  const [, , kind, name] = reference.split("/");
  if (!(kind in used) || name in used[kind]) return;
  used[kind][name] = {};
  used[kind][name] = lean(components[kind][name]);
}

const operations = {};
for (const [path, method] of ROUTES) {
  const { parameters = [], requestBody, responses } = paths[path][method];
  const success = Object.entries(responses).filter(([status]) => status.startsWith("2"));
  operations[path] ??= {};
  operations[path][method] = lean({
    parameters,
    ...(requestBody && { requestBody }),
    responses: Object.fromEntries(success),
  });
}

const text = JSON.stringify({
  openapi,
  info: { version: info.version },
  paths: operations,
  components: used,
});
writeFileSync(new URL("github-api.json", import.meta.url), `${text}\n`);
