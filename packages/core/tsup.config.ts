import { build } from "../../tsup.base.ts";

export default build(["src/index.ts", "src/plugin.ts", "src/engine.ts", "src/runtime/threads/worker.ts"]);
