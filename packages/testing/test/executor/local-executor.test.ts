import { localExecutor } from "@millrace/core/engine";
import { recordingExecutor } from "../../src/index.ts";
import { executorSuite } from "../../src/suites.ts";

executorSuite("local", () => ({ open: localExecutor }));
executorSuite("recording", () => ({ open: (options) => recordingExecutor(localExecutor(options)) }));
