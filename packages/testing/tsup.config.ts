import { build } from "../../tsup.base.ts";

export default build(["src/index.ts", "src/suites.ts", "src/arbitraries.ts", "src/s3.ts"]);
