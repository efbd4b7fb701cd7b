import { multiSourceSync } from "../src/multi-source-sync.ts";
import { worldOfProject } from "../src/world.ts";

export default multiSourceSync(worldOfProject());
