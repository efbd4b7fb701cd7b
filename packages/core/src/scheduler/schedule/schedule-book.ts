import { isMillraceError, messageOf } from "../../errors.ts";
import type { DagRow } from "../../store/contract.ts";
import { formatInstant } from "../../time/instant.ts";
import type { Tick } from "../../timetable/ticks.ts";
import type { Desk } from "../desk.ts";
import type { LiveDag } from "../live-dag.ts";
import type { JudgedMessage } from "../messages.ts";
import type { NewRuns } from "../new-runs.ts";
import { DagSchedule } from "./dag-schedule.ts";
import { isBounded, judgeBacklog } from "./judge-backlog.ts";
import { nextTick } from "./next-tick.ts";

/** Runs that one tick makes: more would keep everything else waiting. */
const mostPerTick = 500;

/** A run that is noticed so much later than it was due was missed: the machine slept, or nobody was there. */
const missedAfterMs = 60_000;

/** A timetable that failed is asked again after this. */
const failedAgainMs = 60_000;

/**
 * The schedules of all DAGs: one timer each, and of those that are due one run after the other, as many as may be active.
 * A DAG's position moves on in the transaction that makes its run.
 */
export class ScheduleBook {
  readonly #desk: Desk;
  readonly #newRuns: Pick<NewRuns, "make">;
  readonly #byDag = new Map<string, DagSchedule>();
  /** Those to be looked at in this tick, in the order in which they came. */
  readonly #touched = new Set<DagSchedule>();
  #isOn = false;

  constructor(desk: Desk, newRuns: Pick<NewRuns, "make">) {
    this.#desk = desk;
    this.#newRuns = newRuns;
  }

  get isOn(): boolean {
    return this.#isOn;
  }

  /** From now on runs are made when they are due. */
  start(rows: readonly DagRow[]): void {
    this.#isOn = true;
    this.load(rows);
  }

  /** These DAGs are new, or have a new version. */
  load(rows: readonly DagRow[]): void {
    if (!this.#isOn) return;
    for (const row of rows) {
      const live = this.#desk.services.dags.live(row.dagId);
      const timetable = live?.current?.dag.schedule;
      const old = this.#byDag.get(row.dagId);
      old?.disarm?.();
      if (old) this.#touched.delete(old);
      this.#byDag.delete(row.dagId);
      if (!live || !timetable) continue;
      const schedule = new DagSchedule(live, timetable, row);
      // After a group whose answer was lost the store is ahead: its runs are found, and taken over, by what memory knows.
      if (old) schedule.stand(old.position);
      this.#byDag.set(row.dagId, schedule);
      this.#touched.add(schedule);
    }
  }

  /** No run of this DAG is made any more. */
  remove(dagId: string): void {
    const schedule = this.#byDag.get(dagId);
    schedule?.disarm?.();
    if (schedule) this.#touched.delete(schedule);
    this.#byDag.delete(dagId);
  }

  /** Its timer went off, or what it needed is there. */
  touch(dagId: string): void {
    const schedule = this.#byDag.get(dagId);
    if (schedule) this.#touched.add(schedule);
  }

  /** It was unpaused, or its catchup is another one: what was missed until now is judged by that. */
  refresh(dagId: string): void {
    this.#byDag.get(dagId)?.refresh();
    this.touch(dagId);
  }

  /** One of the DAG's scheduled runs has ended. */
  roomFor({ dagId }: LiveDag): void {
    const schedule = this.#byDag.get(dagId);
    if (schedule?.isFull) this.#touched.add(schedule);
  }

  /** Judged, what is due is made from this instant on. */
  judged({ dagId, judgement, floor, error }: JudgedMessage): void {
    const schedule = this.#byDag.get(dagId);
    if (schedule?.judgement !== judgement) return;
    schedule.isJudging = false;
    schedule.floor = floor;
    schedule.seenUntil = this.#desk.now;
    if (error === undefined) this.#touched.add(schedule);
    else this.#fail(schedule, error);
  }

  /** Plans the runs that are due. */
  plan(): void {
    let left = mostPerTick;
    for (const schedule of this.#touched) {
      if (left <= 0) return this.#desk.post({ kind: "poke" });
      this.#touched.delete(schedule);
      left -= this.#planFor(schedule, left);
    }
  }

  /** The group was not stored: all look again at what is. */
  reset(): void {
    for (const schedule of this.#byDag.values()) {
      const wasPlanned = schedule.planned !== schedule.position || schedule.isFull || schedule.disarm === undefined;
      schedule.reset();
      if (wasPlanned) this.#touched.add(schedule);
    }
  }

  /** @returns how many runs were planned */
  #planFor(schedule: DagSchedule, most: number): number {
    const { dag } = schedule;
    schedule.disarm?.();
    schedule.disarm = undefined;
    schedule.isFull = false;
    if (dag.isPaused || !dag.current || schedule.isJudging || schedule.isPreparing) return 0;
    for (let made = 0; ; made++) {
      let tick: Tick | null;
      try {
        tick = nextTick(schedule.view, this.#desk.now);
      } catch (error) {
        this.#fail(schedule, error);
        return made;
      }
      if (tick === null) return made;
      if (tick.runAfter > this.#desk.now) {
        schedule.failure = undefined;
        this.#arm(schedule, tick.runAfter);
        return made;
      }
      if (this.#isToBeJudged(schedule, tick)) {
        this.#judge(schedule);
        return made;
      }
      if (!schedule.hasRoom) {
        schedule.isFull = true;
        return made;
      }
      if (made >= most) {
        this.#touched.add(schedule);
        return made;
      }
      if (!this.#make(schedule, tick)) return made;
    }
  }

  #arm(schedule: DagSchedule, at: number): void {
    const { dagId } = schedule.dag;
    schedule.disarm = this.#desk.timers.at(at, () => this.#desk.post({ kind: "due", dagId }));
  }

  #isToBeJudged(schedule: DagSchedule, { runAfter }: Tick): boolean {
    const { now } = this.#desk;
    const { seenUntil, dag } = schedule;
    const isMissed = seenUntil === null || (runAfter > seenUntil && now - runAfter > missedAfterMs);
    if (isMissed && isBounded(dag.catchup)) return true;
    schedule.seenUntil = now;
    return false;
  }

  #judge(schedule: DagSchedule): void {
    const { dag, view } = schedule;
    const { dagId } = dag;
    schedule.isJudging = true;
    const judgement = ++schedule.judgement;
    const tell = (floor: number | null, error: unknown): void =>
      this.#desk.post({ kind: "judged", dagId, judgement, floor, error });
    judgeBacklog(view, dag.catchup, this.#desk.now).then(
      (floor) => tell(floor, undefined),
      (error: unknown) => tell(null, error),
    );
  }

  /** False when the run cannot be made now. */
  #make(schedule: DagSchedule, tick: Tick): boolean {
    const { dag } = schedule;
    const { services } = this.#desk;
    let request = schedule.ready;
    schedule.ready = undefined;
    if (request?.logicalDate !== tick.start || request.version !== dag.current) {
      const made = services.requestOf(dag, { type: "scheduled", start: tick.start, end: tick.end });
      if (made instanceof Promise) {
        this.#prepare(schedule, made);
        return false;
      }
      if (made instanceof Error) {
        this.#fail(schedule, made);
        return false;
      }
      request = made;
    }
    const { plan, now: at } = this.#desk;
    this.#tellSkipped(schedule, tick);
    schedule.failure = undefined;
    schedule.coming++;
    this.#newRuns.make(request, at, {
      created: () => {
        schedule.coming--;
      },
      // Its date has its run, of a backfill or of a group whose answer was lost.
      exists: ({ runNo }) => {
        schedule.coming--;
        this.#desk.post({ kind: "adopt", runNo, why: "wanted" });
        if (schedule.isFull) this.#desk.post({ kind: "due", dagId: dag.dagId });
      },
      failed: (error) => {
        schedule.coming--;
        this.#desk.post({
          kind: "judged",
          dagId: dag.dagId,
          judgement: schedule.judgement,
          floor: schedule.floor,
          error,
        });
      },
    });
    const interval = { start: tick.start, end: tick.end };
    schedule.planned = interval;
    plan.add(
      { kind: "advanceSchedule", dagNo: dag.dagNo, intervalStart: tick.start, intervalEnd: tick.end, at },
      () => {
        schedule.position = interval;
      },
    );
    services.metrics.scheduled(at - tick.runAfter);
    return true;
  }

  #prepare(schedule: DagSchedule, request: ReturnType<Desk["services"]["requestOf"]>): void {
    const { judgement, dag } = schedule;
    const { dagId } = dag;
    schedule.isPreparing = true;
    void Promise.resolve(request)
      .catch((error: unknown) => (error instanceof Error ? error : new Error(messageOf(error))))
      .then((settled) => {
        if (schedule.judgement !== judgement) return;
        schedule.isPreparing = false;
        if (settled instanceof Error)
          return this.#desk.post({ kind: "judged", dagId, judgement, floor: schedule.floor, error: settled });
        schedule.ready = settled;
        this.#desk.post({ kind: "due", dagId });
      });
  }

  /** Runs that catchup leaves out are told in one event, with the stretch of time that they would have been about. */
  #tellSkipped(schedule: DagSchedule, tick: Tick): void {
    const { view, dag } = schedule;
    const { position } = view;
    if (position === null || (view.catchup && schedule.floor === null && dag.catchup.since === null)) return;
    let following: Tick | null;
    try {
      following = nextTick({ ...view, catchup: true, earliest: null }, this.#desk.now);
    } catch {
      // The run itself is made all the same; a timetable that has failed says so with the next one.
      return;
    }
    if (following === null || following.start >= tick.start) return;
    const data = { from: formatInstant(following.start), to: formatInstant(tick.start), catchup: dag.catchup.isOn };
    this.#tell(schedule, "dag.runs_skipped", data);
  }

  /** The DAG has no runs until its timetable, or what its params need, is mended. Said once. */
  #fail(schedule: DagSchedule, error: unknown): void {
    const message = isMillraceError(error) ? `${error.code}: ${error.message}` : messageOf(error);
    this.#arm(schedule, this.#desk.now + failedAgainMs);
    if (schedule.failure === message) return;
    schedule.failure = message;
    this.#tell(schedule, "dag.schedule_failed", { message });
  }

  #tell({ dag }: DagSchedule, kind: string, data: unknown): void {
    const { plan, now: at } = this.#desk;
    const event = { at, kind, dagId: dag.dagId, runNo: null, taskInstanceNo: null, attempt: null };
    plan.add({ kind: "appendEvent", event: { ...event, data: JSON.stringify(data) } });
  }
}
