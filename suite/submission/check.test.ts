import { cpSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { cacheDirectory, cachedEntry } from "../data/source/cache.ts";
import { MNIST_CHECKSUM } from "../data/source/mnist.ts";
import { checkPullRequest } from "./check.ts";
import { publishReport } from "./publish.ts";
import { outcomeOf, parseReport } from "./report.ts";
import { sandboxProblem } from "./sandbox.ts";
import { madeFork, put } from "./testing/fork.ts";
import { hastyClient, madeWorld, serve, zipOf } from "./testing/made-github.ts";
import { REPOSITORY } from "./testing/made-result.ts";

const problem = sandboxProblem();
const fork = madeFork();
afterAll(fork.remove);

const check = (head: string, batchSizes: readonly number[] = []) =>
  checkPullRequest({
    root: fork.root,
    base: fork.base,
    head,
    repository: REPOSITORY,
    smoke: { batchSizes },
  });

/** A working optimizer: the base's Lion under another name. */
function lionAs(name: string, change = (text: string) => text) {
  return (root: string) => {
    const text = readFileSync(join(root, "optimizers/lion.ts"), "utf8");
    put(root, `optimizers/${name}.ts`, change(text.replace('id: "lion"', `id: "${name}"`)));
    put(
      root,
      `optimizers/${name}.test.ts`,
      `import { describeConformance } from "../suite/optimizer/conformance.ts";\nimport * as file from "./${name}.ts";\n\ndescribeConformance(file);\n`,
    );
  };
}

const mnist = cachedEntry(cacheDirectory(process.env), "mnist")?.checksum === MNIST_CHECKSUM;

describe("checkPullRequest", () => {
  it.runIf(!problem)("from a fork's difference to the comment", async () => {
    const head = await fork.submit(lionAs("mine"));
    // The smoke trial needs the digits: it runs where they have been fetched before.
    const report = await check(head, mnist ? [512] : []);
    expect(report.findings).toEqual([]);
    expect(report.tests).toMatchObject({ failed: 0, problem: null });
    expect(report.tests?.passed).toBeGreaterThan(20);
    expect(report.smoke.map(({ problem: wrong }) => wrong)).toEqual(mnist ? [null] : []);
    expect(outcomeOf(report)).toBe("valid");

    const world = madeWorld(undefined);
    world.zip = zipOf({ "report.json": JSON.stringify({ ...report, head: world.head }) });
    const github = await serve(world);
    await publishReport(hastyClient(github.url), { owner: "o", repo: "r" }, 7);
    await github.close();
    expect(github.problems).toEqual([]);
    expect(world.comments[0]?.body).toContain("Adds <code>mine</code>");
    expect(existsSync(join(fork.root, "optimizers/mine.ts"))).toBe(false);
  });

  it.runIf(!problem)("asks more of it than its own tests do", async () => {
    const uphill = (text: string) => text.replace("tf.sub(weights,", "tf.add(weights,");
    const head = await fork.submit((root) => {
      lionAs("uphill", uphill)(root);
      const content = 'import { it } from "vitest";\n\nit("is fine", () => {});\n';
      put(root, "optimizers/uphill.test.ts", content);
    });
    const report = await check(head);
    expect(report.tests?.passed).toBeGreaterThan(0);
    expect(report.tests?.failed).toBeGreaterThan(0);
    expect(outcomeOf(report)).toBe("refused");
  });

  it.runIf(!problem)("a file that ends its process has no declarations", async () => {
    const report = await check(await fork.submit(lionAs("quits", () => "process.exit(0);\n")));
    expect(report.findings[0]).toMatchObject({ level: "refused", rule: "does not load" });
    expect(report.tests).toBeNull();
  });

  it.runIf(!problem)("an id that another file owns is refused", async () => {
    const taken = (text: string) => text.replace('id: "takes"', 'id: "kfac"');
    const report = await check(await fork.submit(lionAs("takes", taken)));
    expect(report.findings[0]).toMatchObject({ rule: "taken id" });
  });

  it("refuses by the difference alone, and runs nothing", async () => {
    const head = await fork.submit((root) => {
      lionAs("mine")(root);
      put(root, "optimizers/notes.md", "see also");
      cpSync(join(root, "optimizers/sgd.ts"), join(root, "optimizers/sgd-2.ts"));
    });
    const report = await check(head);
    expect(report.findings.map(({ rule }) => rule)).toEqual(
      expect.arrayContaining(["outside", "one optimizer"]),
    );
    expect(parseReport(JSON.stringify(report))).toEqual(report);
  });

  it.runIf(problem)(`ran no submission's code, for there is no sandbox here: ${problem}`, () => {
    expect(problem).toBeTruthy();
  });
});
