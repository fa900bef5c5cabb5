import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

function doctor(...options: string[]) {
  const file = fileURLToPath(new URL("./doctor.ts", import.meta.url));
  return spawnSync(process.execPath, ["--import", "tsx", file, ...options], { encoding: "utf8" });
}

test("what works is shown for people and for machines", () => {
  const { status, stdout } = doctor("--backend", "reference", "--json");
  expect(status).toBe(0);
  const { fit, engines, machine } = JSON.parse(stdout);
  expect(fit).toBe(true);
  expect(engines).toMatchObject([{ backend: "reference", device: "cpu", works: true }]);
  expect(machine.node).toBe(process.versions.node);
});

test("a backend without that device is wrong use", () => {
  const { status, stderr } = doctor("--backend", "reference", "--device", "cuda");
  expect(status).toBe(2);
  expect(stderr).toContain("reference has no device cuda");
});
