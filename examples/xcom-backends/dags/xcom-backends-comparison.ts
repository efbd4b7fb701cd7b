import { xcomBackendsComparison } from "../src/comparison-dag.ts";

export default xcomBackendsComparison();
