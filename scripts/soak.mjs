// `npm run soak`: the tests that take too long for `npm test`. Every package with a script `soak` runs it, one at a time.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { runInPackage } from "./run-in-package.mjs";
import { enterWorkspace, root } from "./workspace.mjs";

enterWorkspace();

const failed = [];
const ran = [];
for (const folder of ["packages", "examples"]) {
  for (const entry of readdirSync(join(root, folder))) {
    const { name, scripts } = JSON.parse(readFileSync(join(root, folder, entry, "package.json"), "utf8"));
    if (!scripts?.soak) continue;
    console.log(`\n${name}: soak`);
    ran.push(name);
    if (runInPackage(name, "soak", process.argv.slice(2)) !== 0) failed.push(name);
  }
}
if (ran.length === 0) console.log("No package has a script named soak yet.");
console.log(`\n${ran.length - failed.length} passed, ${failed.length} failed`);
process.exitCode = failed.length > 0 ? 1 : 0;
