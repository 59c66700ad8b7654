import { defineConfig } from "vitest/config";

// Tests of pages in a real browser, against the real server.
export default defineConfig({
  test: {
    include: ["tests/**/*.test.ts"],
    globalSetup: "tests/server.ts",
    testTimeout: 30_000,
    hookTimeout: 60_000,
    fileParallelism: false,
    retry: 0,
  },
});
