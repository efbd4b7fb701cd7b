// `npm run demo`: installs, builds what is needed, and runs the financial pipeline.
import { runInPackage } from "./run-in-package.mjs";
import { enterWorkspace } from "./workspace.mjs";

enterWorkspace();
process.exitCode = runInPackage("example-xcom-patterns", "demo", process.argv.slice(2));
