import { defineConfig } from "vitest/config";

/** What `npm run mutate` runs per mutant: the tests of the rules and the mappings, which need no PostgreSQL. */
export default defineConfig({
  test: {
    include: ["test/rules/**/*.test.ts", "test/mappings/**/*.test.ts"],
    setupFiles: ["test/support/few-runs.ts"],
    testTimeout: 60_000,
  },
});
