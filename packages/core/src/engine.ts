/** What host programs need: an engine in their own process. */
import { assertNodeVersion } from "./node-version.ts";

export { createEngine, type EngineOptions } from "./engine/create-engine.ts";
export type { Engine } from "./engine/engine.ts";
export type { RunOptions } from "./engine/parse-run-request.ts";
export type { RunResult, TaskInstanceResult, TaskResult } from "./engine/run-result.ts";
export type { EngineEvent, EngineListener } from "./observe/observers.ts";
export { type Executor, type ExecutorHost, inlineExecutor } from "./runtime/executor.ts";
export type { RunAnswer } from "./scheduler/requests.ts";
export { memoryStore } from "./store/memory-store.ts";

assertNodeVersion();
