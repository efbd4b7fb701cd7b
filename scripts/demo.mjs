// `npm run demo`: installs, builds what is needed, and runs the financial pipeline; `npm run demo:backends` compares the
// XCom backends instead, and `npm run demo:catchup` tells the story of catchup and backfill.
import { runInPackage } from "./run-in-package.mjs";
import { enterWorkspace } from "./workspace.mjs";

enterWorkspace();
const others = ["xcom-backends", "catchup-backfill"];
const args = process.argv.slice(2);
const other = others.find((name) => name === args[0]);
process.exitCode = runInPackage(`example-${other ?? "xcom-patterns"}`, "demo", other ? args.slice(1) : args);
if (!other && process.exitCode === 0) console.log("\nThere are more: npm run demo:backends, npm run demo:catchup");
