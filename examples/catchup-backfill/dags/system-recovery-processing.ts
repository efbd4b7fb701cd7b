import { systemRecoveryProcessing } from "../src/system-recovery-processing.ts";
import { worldOfProject } from "../src/world.ts";

export default systemRecoveryProcessing(worldOfProject());
