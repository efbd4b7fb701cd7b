// `npm run demo`: installs, builds what is needed, and runs the financial pipeline; `npm run demo:backends` compares the
// XCom backends instead.
import { runInPackage } from "./run-in-package.mjs";
import { enterWorkspace } from "./workspace.mjs";

enterWorkspace();
const [first, ...rest] = process.argv.slice(2);
const isBackends = first === "xcom-backends";
process.exitCode = runInPackage(
  isBackends ? "example-xcom-backends" : "example-xcom-patterns",
  "demo",
  isBackends ? rest : process.argv.slice(2),
);
