import type { Backfills } from "@millrace/backfill";
import type { Dag } from "@millrace/core";
import type { Engine, EngineService } from "@millrace/core/engine";
import { messageOf } from "@millrace/core/plugin";
import { leaveEngineNote } from "../engine-note.ts";
import { isLocked, openEngine, sortOut } from "../open-engine.ts";
import type { Session } from "../session.ts";
import { safeLine } from "../terminal/safe-text.ts";

/** Somebody who does what is asked for about backfills. */
export interface BackfillDoer {
  readonly backfills: Backfills;
  /** The engine that was opened here because none worked on the store. */
  readonly engine: Engine | undefined;
  close(): Promise<void>;
}

/** What an engine of our own is for: to work backfills off, or only to record what is asked for, of these DAGs. */
export type Purpose = "work" | { readonly record: readonly Dag[] };

/**
 * The engine that works on the store, or one of our own if none does.
 *
 * @throws what `createEngine` throws, apart from `STORE_LOCKED`
 */
export async function openBackfills(session: Session, purpose: Purpose): Promise<BackfillDoer> {
  const { backfills, backfillService, remoteBackfills } = await import("@millrace/backfill");
  const { home } = await session.config();
  const works = purpose === "work";
  let engine: Engine;
  try {
    engine = await openEngine(session, {
      dags: works ? await goodDags(session) : purpose.record,
      services: works ? await services(session, backfillService()) : [backfillService({ work: false })],
    });
  } catch (error) {
    if (!isLocked(error)) throw error;
    const store = (await session.store()).create();
    await store.open("client");
    return { backfills: remoteBackfills({ store, home }), engine: undefined, close: () => store.close() };
  }
  const takeNote = leaveEngineNote(home, "backfill");
  const releaseStray = session.io.onStrayError((error, kind) =>
    session.warn(
      `${kind === "exception" ? "An error was thrown outside of every task" : "A promise was rejected and nobody awaited it"}: ${safeLine(messageOf(error))}`,
    ),
  );
  // A task may wait for something that keeps no process alive; the backfill waits all the same.
  const alive = setInterval(() => undefined, 2 ** 30);
  const close = async (): Promise<void> => {
    clearInterval(alive);
    await engine.close();
    takeNote();
    releaseStray();
  };
  try {
    // Runs of the backfill that a former engine left go on here; it makes no scheduled ones.
    if (!works) await engine.drain();
    await engine.start({ adopt: works, schedule: false });
    return { backfills: backfills(engine), engine, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function goodDags(session: Session) {
  const { dags, notKept } = await session.dags();
  // What is recorded has to be found again after a crash, and that needs the code.
  if (notKept !== undefined) throw notKept;
  const fresh = dags.filter(({ isStale }) => !isStale).map(({ dag }) => dag);
  return (await sortOut(session, fresh)).fit;
}

/** What an engine has beside it that works backfills off: it takes requests, and tells who is to be told. */
async function services(session: Session, own: EngineService): Promise<readonly EngineService[]> {
  const core = await session.core();
  const config = await session.config();
  const configured = (await core.resolveServices(config)).services.filter(({ name }) => name !== own.name);
  const { home } = config;
  return [core.requestService({ home }), core.bundleService({ home }), ...configured, own];
}
