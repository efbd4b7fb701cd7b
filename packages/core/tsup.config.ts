import { build } from "../../tsup.base.ts";

export default build([
  "src/index.ts",
  "src/plugin.ts",
  "src/engine.ts",
  "src/config/bundles/probe-worker.ts",
  "src/runtime/threads/worker.ts",
  "src/runtime/watchdog/watchdog-worker.ts",
]);
