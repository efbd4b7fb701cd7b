import type { DagRow } from "../../store/contract.ts";
import { nameOf, type Ticks, ticksOf } from "../../timetable/ticks.ts";
import type { Timetable } from "../../timetable/timetable.ts";
import type { LiveDag } from "../live-dag.ts";
import type { RunRequest } from "../requests.ts";
import type { Position, ScheduleView } from "./next-tick.ts";

/** Where a DAG stands in its schedule. */
export class DagSchedule {
  readonly dag: LiveDag;
  readonly timetable: Timetable;
  readonly #name: string;
  readonly #ticks: Ticks;
  readonly #startDate: number | null;
  readonly #registeredAt: number;
  /** Interval of the newest scheduled run that is stored. */
  position: Position | null = null;
  /** The same, with those that the tick under way makes. */
  planned: Position | null = null;
  /** How many runs the tick under way makes. */
  coming = 0;
  /** What a catchup with bounds leaves out starts before this. */
  floor: number | null = null;
  /** Until when it was looked at; `null`: what was missed is still to be judged. */
  seenUntil: number | null = null;
  /** Counts judgements: what an older one came to is passed over. */
  judgement = 0;
  isJudging = false;
  /** Something is due and no further run may be active now. */
  isFull = false;
  /** Params of the next run, where its schema takes time. */
  ready: RunRequest | undefined;
  isPreparing = false;
  /** Why it has no runs at present. */
  failure: string | undefined;
  disarm: (() => void) | undefined;

  constructor(dag: LiveDag, timetable: Timetable, row: DagRow) {
    const { scheduledStart: start, scheduledEnd: end } = row;
    this.dag = dag;
    this.timetable = timetable;
    this.#name = nameOf(timetable);
    this.#ticks = ticksOf(timetable);
    this.#startDate = row.startDate;
    this.#registeredAt = row.registeredAt;
    this.stand(start === null || end === null ? null : { start, end });
  }

  /** What decides about the run after those that are planned. */
  get view(): ScheduleView {
    const { catchup, current } = this.dag;
    // With catchup and without a start date it begins when the DAG became known.
    const first = this.#startDate ?? (catchup.isOn && this.planned === null ? this.#registeredAt : null);
    return {
      name: this.#name,
      ticks: this.#ticks,
      position: this.planned,
      earliest: latestOf(first, catchup.isOn ? catchup.since : null, catchup.isOn ? this.floor : null),
      latest: current?.dag.endDate ?? null,
      catchup: catchup.isOn,
    };
  }

  /** So many scheduled runs may be unfinished. */
  get mostRuns(): number {
    return Math.min(this.dag.maxActiveRuns, this.timetable.maxActiveRuns ?? Number.POSITIVE_INFINITY);
  }

  get hasRoom(): boolean {
    return this.dag.scheduledRuns.size + this.coming < this.mostRuns;
  }

  /** Its newest scheduled run is about this interval. */
  stand(position: Position | null): void {
    this.position = position;
    this.planned = position;
  }

  /** Back to what is stored: the group of the tick was not. */
  reset(): void {
    this.planned = this.position;
    this.coming = 0;
    this.isFull = false;
  }

  /** What was missed is judged anew. */
  refresh(): void {
    this.judgement++;
    this.isJudging = false;
    this.isPreparing = false;
    this.ready = undefined;
    this.seenUntil = null;
    this.floor = null;
    this.failure = undefined;
  }
}

function latestOf(...instants: readonly (number | null)[]): number | null {
  const known = instants.filter((instant) => instant !== null);
  return known.length === 0 ? null : Math.max(...known);
}
