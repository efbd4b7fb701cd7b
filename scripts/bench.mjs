// `npm run bench`: prints a table and, as its last line, one JSON object with every figure and ratio.
import { runInPackage } from "./run-in-package.mjs";
import { enterWorkspace } from "./workspace.mjs";

enterWorkspace();
process.exitCode = runInPackage("millrace-bench", "bench", process.argv.slice(2));
