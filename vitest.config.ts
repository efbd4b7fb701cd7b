import { defineConfig } from "vitest/config";

// Tests read the sources of every workspace package, so they never run against a stale build.
const conditions = ["millrace-source", "node", "development|production"];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: ["millrace-source", "node"] } },
  test: {
    pool: "forks",
    execArgv: ["--conditions=millrace-source"],
    server: { deps: { inline: [/^@millrace\//] } },
    include: ["src/**/*.test.ts", "test/**/*.test.ts"],
    passWithNoTests: true,
    // A machine under load is slow, not wrong.
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
