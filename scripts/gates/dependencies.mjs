// Who may import whom: the rules are in .dependency-cruiser.mjs.
import { spawnSync } from "node:child_process";
import { root } from "../workspace.mjs";

const args = ["--config", ".dependency-cruiser.mjs", "--output-type", "err-long", "packages", "examples", "bench"];
const { status } = spawnSync("depcruise", args, { cwd: root, stdio: "inherit" });
process.exitCode = status ?? 1;
