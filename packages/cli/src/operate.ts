import type { Engine, EngineRequest } from "@millrace/core/engine";
import { holderOf } from "./engine-note.ts";
import { cliError } from "./errors.ts";
import { isLocked, openEngine, sortOut } from "./open-engine.ts";
import { type Session, withHint } from "./session.ts";

/** What commands ask for. */
export type CommandRequest = Exclude<EngineRequest, { readonly operation: "signal" }>;

/** What came of a request. */
export interface Operated<Answer> {
  readonly answer: Answer;
  /** Who did it: an engine that works on the store, or this command, because the store was free. */
  readonly by: "engine" | "command";
}

/**
 * Does what is asked for: by the engine that works on the store, or here if none does. The answer is the same.
 * Done here, no attempt of any task begins: what is to run waits for the next engine.
 *
 * @throws what the engine refuses it with; `REQUEST_NOT_ANSWERED`; with `needsEngine` `ENGINE_NOT_RUNNING` if the store is free
 */
export async function operate<Answer>(
  session: Session,
  request: CommandRequest,
  options: { readonly needsEngine?: boolean } = {},
): Promise<Operated<Answer>> {
  let engine: Engine;
  try {
    engine = await openEngine(session, { dags: await dagsFor(session, request) });
  } catch (error) {
    if (!isLocked(error)) throw error;
    await refuseWhereNobodyRuns(session, request, error as Error);
    return { answer: (await ask(session, request)) as Answer, by: "engine" };
  }
  try {
    if (options.needsEngine) throw cliError("ENGINE_NOT_RUNNING", { location: await session.storeLocation() });
    await engine.drain();
    return { answer: (await carryOut(engine, request)) as Answer, by: "command" };
  } finally {
    await engine.close();
  }
}

async function ask(session: Session, request: CommandRequest): Promise<unknown> {
  const { fileRequest } = await session.core();
  const store = (await session.store()).create();
  await store.open("client");
  try {
    return await fileRequest(request, { store, home: (await session.config()).home });
  } finally {
    await store.close();
  }
}

/** An engine that makes one run and goes makes no other: its end would leave the new one behind. */
async function refuseWhereNobodyRuns(session: Session, request: CommandRequest, locked: Error): Promise<void> {
  if (request.operation !== "trigger") return;
  if (holderOf((await session.config()).home)?.command === "run")
    throw withHint(locked, "To have several runs at once, use `millrace start` and `millrace dags trigger`.");
}

/** The DAG that a request names, where it can be loaded. */
async function dagsFor(session: Session, request: CommandRequest) {
  if (!("dagId" in request)) return [];
  if (request.operation === "trigger") return [(await session.dag(request.dagId)).dag];
  const loaded = await session.dags().catch(() => undefined);
  const found = loaded?.dags.flatMap(({ dag }) => (dag.id === request.dagId ? [dag] : [])) ?? [];
  return (await sortOut(session, found)).fit;
}

async function carryOut(engine: Engine, request: CommandRequest): Promise<unknown> {
  switch (request.operation) {
    case "trigger": {
      const { operation: _, dagId, ...options } = request;
      return engine.trigger(dagId, options);
    }
    case "cancel":
      return { wasActive: await engine.cancel(request.dagId, request.runId, request.reason) };
    case "retry":
      return engine.retry(request.dagId, request.runId, request);
    case "clear":
      return engine.clear(request.dagId, request.runId, { ...request.selection, dryRun: request.dryRun });
    case "mark": {
      const { dagId, runId, state, selection, dryRun } = request;
      return engine.mark(dagId, runId, state, { ...selection, dryRun });
    }
    case "clearXComs": {
      const { operation: _, dagId, runId, ...which } = request;
      return engine.clearXComs(dagId, runId, which);
    }
    case "pause":
    case "unpause":
      await engine[request.operation](request.dagId);
      return { dagId: request.dagId, paused: request.operation === "pause" };
    case "setPool":
      await engine.setPool(request.pool, request.slots);
      return { pool: request.pool, slots: request.slots };
  }
}
