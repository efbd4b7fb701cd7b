import type { BackfillProgress, Backfills } from "@millrace/backfill";
import { systemClock } from "@millrace/core/plugin";
import { exitCodes } from "../exit-codes.ts";
import type { Session } from "../session.ts";
import type { BackfillDoer } from "./open-backfills.ts";
import { nextStep, type ProgressView, progressLines, progressPayload, progressView } from "./progress-view.ts";

const pauseMs = 150;
/** How long attempts under way may take when the command is to end. */
const graceMs = 30_000;

/**
 * Shows a backfill until it has ended or stands still, and prints how it stands then. The exit code says whether all its runs
 * succeeded. An interrupt pauses a backfill that is worked off here; one that another engine works off goes on there.
 */
export async function followBackfill(session: Session, doer: BackfillDoer, backfillId: string): Promise<number> {
  const core = await session.core();
  const view = progressView(session, core);
  const interrupts = new Interrupts(session);
  let progress: BackfillProgress;
  try {
    progress = await untilItStands(doer, backfillId, view, interrupts.first);
    if (interrupts.count > 0 && doer.engine) progress = await pauseHere(session, doer, backfillId, view, interrupts);
  } finally {
    view.end();
    interrupts.release();
  }
  session.print(progressPayload(progress), () => progressLines(progress, session, core));
  if (interrupts.count > 0 && !doer.engine)
    session.note(
      `It goes on in the engine. Look at it with: millrace backfill show ${backfillId} --follow; stop it with: millrace backfill pause ${backfillId}`,
    );
  const next = nextStep(progress);
  if (next !== undefined) session.note(next);
  if (interrupts.count > 0) return exitCodes.interrupted;
  return progress.state === "completed" && progress.failed === 0 ? exitCodes.ok : exitCodes.failed;
}

async function untilItStands(
  { backfills, engine }: BackfillDoer,
  backfillId: string,
  view: ProgressView,
  interrupted: AbortSignal,
): Promise<BackfillProgress> {
  const stopped = engine?.whenStopped();
  for (;;) {
    const progress = await backfills.show(backfillId);
    view.show(progress);
    const isOver = progress.state !== "running" && progress.state !== "preparing" && progress.active === 0;
    if (isOver || interrupted.aborted) return progress;
    const broken = await Promise.race([
      stopped ?? new Promise<undefined>(() => undefined),
      systemClock.sleep(pauseMs, interrupted),
    ]);
    if (broken) throw broken;
  }
}

/** No further run is made; attempts under way may end, unless somebody asks again. */
async function pauseHere(
  session: Session,
  { backfills, engine }: BackfillDoer,
  backfillId: string,
  view: ProgressView,
  interrupts: Interrupts,
): Promise<BackfillProgress> {
  const before = await pausedIfPossible(backfills, backfillId);
  if (before.active > 0)
    view.message(
      session.errStyle.warn(
        `Paused; attempts under way may end within ${graceMs / 1_000} s. Once more to hand them back at once.`,
      ),
    );
  await Promise.race([engine?.drain(), systemClock.sleep(graceMs, interrupts.second)]);
  return backfills.show(backfillId);
}

/** It may have ended in this moment: then there is nothing to pause. */
async function pausedIfPossible(backfills: Backfills, backfillId: string): Promise<BackfillProgress> {
  const now = await backfills.show(backfillId);
  return now.state === "running" ? backfills.pause(backfillId).catch(() => backfills.show(backfillId)) : now;
}

/** Ctrl-C, counted. The third one ends the process. */
class Interrupts {
  readonly #first = new AbortController();
  readonly #second = new AbortController();
  readonly release: () => void;
  count = 0;

  constructor(session: Session) {
    this.release = session.io.onInterrupt(() => {
      this.count++;
      if (this.count === 1) this.#first.abort();
      else if (this.count === 2) this.#second.abort();
      else session.io.exit(exitCodes.interrupted);
    });
  }

  get first(): AbortSignal {
    return this.#first.signal;
  }

  get second(): AbortSignal {
    return this.#second.signal;
  }
}
