import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

function build(option: string, environment: Record<string, string> = {}) {
  const script = fileURLToPath(new URL("./build-tensorflow.sh", import.meta.url));
  return spawnSync("bash", [script, option], {
    encoding: "utf8",
    env: { ...process.env, ...environment },
  });
}

test("help says what is built, from what, and that the CUDA half is untried", () => {
  const { status, stdout } = build("--help");
  expect(status).toBe(0);
  expect(stdout).toMatch(/tensorflow-cpu[\s\S]*--cuda[\s\S]*UNTRIED[\s\S]*Examples/);
});

test("an unknown argument is wrong use and builds nothing", () => {
  const { status, stderr } = build("--gpu");
  expect(status).toBe(2);
  expect(stderr).toContain("unknown argument: --gpu");
});

test("a missing Python is named before anything is downloaded", () => {
  const { status, stderr } = build("--cuda", { PYTHON: "no-such-python" });
  expect(status).toBe(1);
  expect(stderr).toMatch(/'no-such-python' is not there|built on Linux x86-64 only|this is Node/);
});
