import type { Dag } from "@millrace/core";
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
  const operator = await openOperator(session);
  try {
    if (options.needsEngine && operator.by === "command")
      throw cliError("ENGINE_NOT_RUNNING", { location: await session.storeLocation() });
    return { answer: await operator.ask<Answer>(request), by: operator.by };
  } finally {
    await operator.close();
  }
}

/** Somebody who does what is asked for, for one command or several. */
export interface Operator {
  readonly by: Operated<unknown>["by"];
  ask<Answer>(request: CommandRequest): Promise<Answer>;
  close(): Promise<void>;
}

/** The engine that works on the store, or one of our own if none does: until that is closed no other can open the store. */
export async function openOperator(session: Session): Promise<Operator> {
  let engine: Engine;
  try {
    engine = await openEngine(session, { dags: [] });
  } catch (error) {
    if (!isLocked(error)) throw error;
    return {
      by: "engine",
      ask: (request) => askEngine(session, request, error),
      close: async () => undefined,
    };
  }
  let drained: Promise<void> | undefined;
  return {
    by: "command",
    async ask<Answer>(request: CommandRequest) {
      drained ??= engine.drain();
      await drained;
      await engine.replaceDags({ put: await dagsFor(session, request) });
      return (await carryOut(engine, request)) as Answer;
    },
    close: () => engine.close(),
  };
}

/**
 * Files a request with the engine that works on the store, and waits for its answer.
 *
 * @param locked - the `STORE_LOCKED` that told of the engine
 * @throws `locked` for a run that is asked of an engine that makes one run and goes: its end would leave the new one behind
 */
export async function askEngine<Answer>(session: Session, request: CommandRequest, locked: unknown): Promise<Answer> {
  const { fileRequest } = await session.core();
  const { home } = await session.config();
  if (request.operation === "trigger" && locked instanceof Error && holderOf(home)?.command === "run")
    throw withHint(locked, "To have several runs at once, use `millrace start` and `millrace dags trigger`.");
  const store = (await session.store()).create();
  await store.open("client");
  try {
    return (await fileRequest(request, { store, home })) as Answer;
  } finally {
    await store.close();
  }
}

/** The DAG that is to be run, or that the store does not know yet. Runs that there are have their code in bundles. */
async function dagsFor(session: Session, request: CommandRequest): Promise<readonly Dag[]> {
  if (request.operation === "trigger") return [(await session.currentDag(request.dagId)).dag];
  if (request.operation === "setCatchup") return (await sortOut(session, [(await session.dag(request.dagId)).dag])).fit;
  if (request.operation !== "pause" && request.operation !== "unpause") return [];
  const store = await session.reader();
  if (await store?.dags.get(request.dagId)) return [];
  return (await sortOut(session, [(await session.dag(request.dagId)).dag])).fit;
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
    case "renewXComs": {
      const { operation: _, ...options } = request;
      return engine.renewXComs(options);
    }
    case "pause":
    case "unpause":
      await engine[request.operation](request.dagId);
      return { dagId: request.dagId, paused: request.operation === "pause" };
    case "setCatchup":
      return engine.setCatchup(request.dagId, request.setting, { by: "dags set" });
    case "setPool":
      await engine.setPool(request.pool, request.slots);
      return { pool: request.pool, slots: request.slots };
  }
}
