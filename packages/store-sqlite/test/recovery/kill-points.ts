import promises from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import type { Change, Store, XComPlace } from "@millrace/core/plugin";

/** Moments of an engine's work at which its process may die. */
export const killPoints = [
  "run insert",
  "mark running",
  "result commit",
  "retry commit",
  "wait commit",
  "expansion",
  "slot passed on",
  "blob write",
  "bundle write",
  "request answer",
  "clear",
  "hand-back",
  "return of the lost",
  "run end",
  "schedule advance",
] as const;

export type KillPoint = (typeof killPoints)[number];

/** Which moment, counted from 1 in the life of one process. */
export interface Kill {
  readonly point: KillPoint;
  readonly side: "before" | "after";
  readonly occurrence: number;
}

/** Counts moments, and ends the process when the one meant has come. */
export class Killer {
  readonly #kill: Kill | undefined;
  #count = 0;

  constructor(kill: Kill | undefined) {
    this.#kill = kill;
  }

  /** Tells whether `reach` would be the moment, and counts it. */
  counts(point: KillPoint): boolean {
    return this.#kill?.point === point && ++this.#count === this.#kill.occurrence;
  }

  /** Like the power switch: nothing of this process runs any more. */
  die(side: Kill["side"]): void {
    if (this.#kill?.side === side) process.kill(process.pid, "SIGKILL");
  }
}

/** A store whose process dies at its commits. */
export function killingStore(inner: Store, killer: Killer): Store {
  const commit: Store["commit"] = async (changes, options) => {
    const isMoment = pointsOf(changes).filter((point) => killer.counts(point)).length > 0;
    if (isMoment) killer.die("before");
    const outcomes = await inner.commit(changes, options);
    if (isMoment) killer.die("after");
    return outcomes;
  };
  return new Proxy(inner, {
    get(_, name) {
      if (name === "commit") return commit;
      const member: unknown = Reflect.get(inner, name);
      return typeof member === "function" ? member.bind(inner) : member;
    },
  });
}

/** A place whose process dies when it writes. */
export function killingPlace(inner: XComPlace, killer: Killer): XComPlace {
  return {
    ...inner,
    async put(bytes, address, beneath) {
      const isMoment = killer.counts("blob write");
      if (isMoment) killer.die("before");
      const placed = await inner.put(bytes, address, beneath);
      if (isMoment) killer.die("after");
      return placed;
    },
  };
}

/** Has the process die when a file takes its name in the folder of bundles. */
export function killAtBundles(killer: Killer): void {
  const rename = promises.rename;
  promises.rename = async (from, to) => {
    const isMoment = String(to).includes("/bundles/") && killer.counts("bundle write");
    if (isMoment) killer.die("before");
    await rename(from, to);
    if (isMoment) killer.die("after");
  };
  syncBuiltinESMExports();
}

function pointsOf(changes: readonly Change[]): KillPoint[] {
  const has = (test: (change: Change) => boolean): boolean => changes.some(test);
  const ends = has(({ kind }) => kind === "finishTask");
  const starts = has(({ kind }) => kind === "startTask");
  const moments: Partial<Record<KillPoint, boolean>> = {
    "run insert": has(({ kind }) => kind === "createRun"),
    "mark running": starts,
    "result commit": has((change) => change.kind === "finishTask" && change.state === "success"),
    "retry commit": has((change) => change.kind === "finishTask" && change.state === "up_for_retry"),
    "wait commit": has(
      (change) => change.kind === "finishTask" && (change.state === "waiting" || change.state === "up_for_reschedule"),
    ),
    expansion: has(({ kind }) => kind === "expandTask"),
    "slot passed on": ends && starts,
    "request answer": has(({ kind }) => kind === "answerRequest"),
    clear: has(({ kind }) => kind === "clearTask"),
    "hand-back": has((change) => change.kind === "returnTask" && change.why === "handed_back"),
    "return of the lost": has((change) => change.kind === "returnTask" && change.why === "lost"),
    "schedule advance": has(({ kind }) => kind === "advanceSchedule"),
    "run end": has((change) => change.kind === "updateRun" && (change.to === "success" || change.to === "failed")),
  };
  return killPoints.filter((point) => moments[point]);
}
