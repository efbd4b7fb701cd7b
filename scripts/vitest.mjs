// Runs the tests of the package in the current folder on the workspace's Node, or on Node 24 with `--node24`.
// Further arguments go to vitest: `pnpm test src/clock.test.ts`. The results are also left as JSON for `npm test` to count.
import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { node24, node26, root, workspaceEnv } from "./workspace.mjs";

const args = process.argv.slice(2);
const on24 = args[0] === "--node24";
if (on24) args.shift();

const node = on24 ? node24 : node26;
const results = `.results/${on24 ? "node24" : "node26"}.json`;
rmSync(results, { force: true });

const env = workspaceEnv();
// A test that starts `node` gets the version under test.
env.PATH = dirname(node) + delimiter + env.PATH;

const vitest = join(root, "node_modules", "vitest", "vitest.mjs");
const result = spawnSync(
  node,
  [
    vitest,
    "run",
    "--root=.",
    `--config=${join(root, "vitest.config.ts")}`,
    "--reporter=default",
    "--reporter=json",
    `--outputFile.json=${results}`,
    ...args,
  ],
  { stdio: "inherit", env },
);
process.exit(result.status ?? 1);
