import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["{suite,optimizers,tasks,site}/**/*.test.ts"],
    // Native sessions are not safe to share between worker threads, so every file gets a process.
    pool: "forks",
    testTimeout: 60_000,
  },
});
