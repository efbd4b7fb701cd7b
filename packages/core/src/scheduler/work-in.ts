import { formatDuration } from "../time/duration.ts";
import { answerWrite } from "./asks.ts";
import type { Attempts } from "./attempts.ts";
import type { Deadlines } from "./deadlines.ts";
import type { Desk } from "./desk.ts";
import type { LiveRun } from "./live-run.ts";
import type { Mappings } from "./mappings.ts";
import type { Message } from "./messages.ts";
import type { NewRuns } from "./new-runs.ts";
import type { OperationDesk } from "./operations/operation-desk.ts";
import type { Readings, RunReading } from "./readings.ts";
import type { RunBook } from "./run-book.ts";
import type { ScheduleBook } from "./schedule/schedule-book.ts";
import type { Waiting } from "./waiting.ts";

/** The parts of the scheduler that messages are for. */
export interface Rooms {
  readonly desk: Desk;
  readonly attempts: Attempts;
  readonly book: RunBook;
  readonly deadlines: Deadlines;
  readonly mappings: Mappings;
  readonly newRuns: NewRuns;
  readonly operations: OperationDesk;
  readonly schedules: ScheduleBook;
  readonly waiting: Waiting;
}

/** Works what happened into the live runs and the plan of the tick under way. */
export function workIn(message: Message, readings: Readings, rooms: Rooms): void {
  const { desk, attempts, book, deadlines, mappings, newRuns, operations, schedules, waiting } = rooms;
  const { plan, services, runs: live } = desk;
  const { runs, pasts, versions, operation, removed, dagRows, xcoms, told, failing, kept } = readings;
  const readingOf = (runNo: number): RunReading => ({
    stored: runs.get(runNo),
    past: pasts.get(runNo),
    version: versions.get(runNo),
  });
  const withRun = (runNo: number, act: (run: LiveRun) => void): void => {
    const run = live.get(runNo);
    if (run && !run.isEnding) act(run);
  };
  switch (message.kind) {
    case "finished":
      return attempts.finished(message.token, message.outcome, removed.get(message.token));
    case "timeout":
      return attempts.timedOut(message.token);
    case "create":
      return newRuns.create(message);
    case "reprocess":
      return newRuns.reprocess(message, xcoms.get(message.runNo));
    case "found":
      return newRuns.found(message, readingOf(message.runNo));
    case "activate":
      return withRun(message.runNo, (run) => book.activate(run, pasts.get(message.runNo)));
    case "adopt":
      book.adopt(message, readingOf(message.runNo));
      if (message.resolve) plan.after(message.resolve);
      return;
    case "expanded":
      return withRun(message.runNo, (run) => mappings.expanded(run, message.taskNo, message.elements, message.error));
    case "wake":
      if (live.get(message.instance.run.row.runNo) === message.instance.run) waiting.wake(message.instance);
      return;
    case "run-timeout":
      return withRun(message.runNo, (run) => {
        const reason = `the run took longer than its runTimeout of ${formatDuration(run.graph.dag.runTimeoutMs as number)}`;
        book.endWhole(run, "failed", { running: "skipped", waiting: "skipped", reason });
      });
    case "deadline":
      return withRun(message.runNo, (run) => deadlines.passed(run, message.at, told.get(message.runNo)));
    case "cancel":
      return operations.cancel(message, runs.get(message.runNo));
    case "signal":
      return operations.signal(message);
    case "operate":
      return operations.operate(message, operation);
    case "pause":
      return operations.pause(message);
    case "failed":
      if (failing.has(message.dagId)) operations.pauseFailing(message);
      return;
    case "set-pool":
      return operations.setPool(message);
    case "replaced":
      book.replaced(message.dagIds);
      for (const dagId of message.removed) schedules.remove(dagId);
      return schedules.load(dagRows.filter(({ dagId }) => message.dagIds.includes(dagId)));
    case "schedule":
      schedules.start(dagRows);
      return plan.after(message.resolve);
    case "due":
      return schedules.touch(message.dagId);
    case "judged":
      return schedules.judged(message);
    case "catchup":
      return operations.setCatchup(message, kept.has(message));
    case "write":
      message.sent++;
      if (message.change.kind === "deleteRuns") plan.after(() => services.dags.runsAreGone());
      return plan.add(message.change, (outcome) => answerWrite(services.store, message, outcome));
    case "poke":
      return;
  }
}
