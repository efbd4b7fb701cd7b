import type { EventRow, TaskState } from "@millrace/core/plugin";
import type { HistoryRule } from "./history.ts";

/** Where a task instance stands after the events so far. */
export interface TaskStory {
  readonly taskInstanceNo: number;
  readonly runNo: number;
  state: TaskState;
  attempt: number;
  crashes: number;
  uncounted: number;
  startedAt: number | null;
  endedAt: number | null;
  wakeAt: number | null;
  awaits: string | null;
  /** Elements that it was expanded to. */
  count: number | undefined;
  /** The last attempt whose end is recorded since it was made or cleared, and the instants of these ends. */
  recorded: { readonly attempt: number; readonly instants: readonly number[] } | undefined;
}

export function newStory(taskInstanceNo: number, runNo: number): TaskStory {
  return {
    taskInstanceNo,
    runNo,
    state: "scheduled",
    attempt: 0,
    crashes: 0,
    uncounted: 0,
    startedAt: null,
    endedAt: null,
    wakeAt: null,
    awaits: null,
    count: undefined,
    recorded: undefined,
  };
}

const finished: ReadonlySet<string> = new Set([
  "success",
  "failed",
  "skipped",
  "upstream_failed",
  "removed",
  "cancelled",
]);
const startable: ReadonlySet<string> = new Set(["scheduled", "up_for_retry", "up_for_reschedule", "waiting"]);
const resumable: ReadonlySet<string> = new Set(["up_for_reschedule", "waiting"]);
const attemptEnds: ReadonlySet<string> = new Set([
  "success",
  "failed",
  "skipped",
  "cancelled",
  "up_for_retry",
  "up_for_reschedule",
  "waiting",
]);
/** States that an instance without an attempt under way is moved to. */
const movesWithoutAttempt: ReadonlySet<string> = new Set([
  "skipped",
  "upstream_failed",
  "removed",
  "cancelled",
  "failed",
]);

export function isOverState(state: string): boolean {
  return finished.has(state);
}

interface EventData {
  readonly reason?: string;
  readonly returned?: "lost" | "handed_back";
  readonly count?: number;
  readonly wakeAt?: number;
  readonly awaits?: string;
}

/** Adds an event to the story of its instance; says what of it cannot be. */
export function tell(story: TaskStory, event: EventRow, complain: (rule: HistoryRule, what: string) => void): void {
  const { at, attempt } = event;
  const to = event.kind.slice("task.".length);
  const data = (event.data === null ? {} : JSON.parse(event.data)) as EventData;
  const from = story.state;
  const illegal = (): void => complain("legal moves", `it went from ${from} to ${to}`);
  if (to === "running") {
    if (!startable.has(from)) illegal();
    const expected = resumable.has(from) ? story.attempt : story.attempt + 1;
    if (attempt !== expected)
      complain("attempt numbers", `attempt ${attempt} began where attempt ${expected} was to come`);
    Object.assign(story, { state: "running", attempt, startedAt: at, endedAt: null, wakeAt: null, awaits: null });
    return;
  }
  if (to === "cleared" || to === "collapsed") {
    if (to === "collapsed" && story.count === undefined) complain("legal moves", "it was collapsed, but not expanded");
    Object.assign(story, newStory(story.taskInstanceNo, story.runNo), {
      attempt: story.attempt,
      uncounted: story.attempt,
      count: to === "collapsed" ? undefined : story.count,
    });
    return;
  }
  if (to === "expanded") {
    if (from !== "scheduled" || story.count !== undefined) complain("legal moves", `it was expanded while ${from}`);
    story.count = data.count;
    return;
  }
  if (attempt === null) return tellMove(story, to as TaskState, at, data, illegal);
  if (from !== "running" || story.attempt !== attempt) {
    const isAgain = story.recorded?.attempt === attempt && isOverState(from);
    complain(isAgain ? "one result" : "legal moves", `attempt ${attempt} ended as ${to} while it was ${from}`);
  }
  if (data.returned !== undefined) {
    Object.assign(story, { state: "scheduled", startedAt: null, endedAt: null, wakeAt: null, awaits: null });
    story.uncounted++;
    if (data.returned === "lost") story.crashes++;
    return;
  }
  if (!attemptEnds.has(to)) illegal();
  const before = story.recorded?.attempt === attempt ? story.recorded.instants : [];
  story.recorded = { attempt, instants: [...before, at] };
  const { wakeAt = null, awaits = null } = data;
  Object.assign(story, { state: to, endedAt: at, wakeAt, awaits });
}

/** A move that no attempt made: of the engine, or by hand. */
function tellMove(story: TaskStory, to: TaskState, at: number, { reason }: EventData, illegal: () => void): void {
  const isByHand = reason === `marked as ${to} by hand`;
  const isOfEngine = movesWithoutAttempt.has(to) && story.state !== "running" && !isOverState(story.state);
  if (!isByHand && !isOfEngine) illegal();
  Object.assign(story, { state: to, endedAt: isOverState(to) ? at : null, wakeAt: null, awaits: null });
}
