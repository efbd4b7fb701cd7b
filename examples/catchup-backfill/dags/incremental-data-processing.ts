import { incrementalDataProcessing } from "../src/incremental-data-processing.ts";
import { worldOfProject } from "../src/world.ts";

export default incrementalDataProcessing(worldOfProject());
