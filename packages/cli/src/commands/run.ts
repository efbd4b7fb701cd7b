import type { Engine, TaskLine } from "@millrace/core/engine";
import { messageOf } from "@millrace/core/plugin";
import { defineCommand } from "../command.ts";
import { leaveEngineNote } from "../engine-note.ts";
import { exitCodes } from "../exit-codes.ts";
import { isLocked, openEngine } from "../open-engine.ts";
import { runBeside } from "../running/run-beside.ts";
import { runOptions, runRequestOf } from "../running/run-options.ts";
import { RunProgress } from "../running/run-progress.ts";
import { resultLines, resultPayload } from "../running/run-report.ts";
import { type RunView, viewOf } from "../running/run-view-of-session.ts";
import type { Session } from "../session.ts";
import { safeLine } from "../terminal/safe-text.ts";
import { unknownPools } from "../views/unknown-pools.ts";

export default defineCommand({
  about:
    "Needs no server; if an engine works on the store, it makes the run. Exits with 0 when the run succeeded and with 1 when it did not. Ctrl-C cancels the run, a second one ends the command at once.",
  arguments: [{ name: "<dag>", says: "id of the DAG", completes: "dag" }],
  options: [...runOptions, { flags: "--in-memory", says: "record nothing: the run is gone when it has ended" }],
  examples: [
    ["millrace run hello", "run it now"],
    [`millrace run sales --params '{"region":"eu"}'`, "with params"],
    ["millrace run sales --date 2026-11-01", "as of a date"],
    ["millrace run hello --in-memory -o json", "without a trace, for programs"],
  ],
  async run(session, given) {
    session.inMemory = given.flag("inMemory");
    const core = await session.core();
    const request = runRequestOf(given, session.io.cwd, core);
    const { dag } = await session.currentDag(given.text("dag"));
    const progress = new RunProgress(
      dag.id,
      dag.tasks.map(({ id }) => id),
    );
    let engine: Engine;
    let shown: RunView | undefined;
    const onTaskLine = (line: TaskLine): void => {
      // After the event that says that the attempt has begun.
      if (line.level !== "debug") queueMicrotask(() => shown?.line(line));
    };
    try {
      engine = await openEngine(session, { ...(await ownEngine(session, dag.id)), onTaskLine });
    } catch (error) {
      if (!isLocked(error)) throw error;
      return runBeside(session, { dagId: dag.id, ...request }, error);
    }
    const view = await viewOf(session, progress);
    shown = view;
    engine.observe((event) => view.show(event, progress.take(event)));
    const takeNote = session.inMemory ? undefined : leaveEngineNote((await session.config()).home, "run");

    let interrupts = 0;
    const release = session.io.onInterrupt(() => {
      if (++interrupts > 1) return session.io.exit(exitCodes.interrupted);
      view.message(session.errStyle.warn("Cancelling the run; once more to end at once."));
      if (progress.runId !== undefined)
        void engine.cancel(dag.id, progress.runId, "interrupted").catch(() => undefined);
    });
    const releaseStray = session.io.onStrayError((error, kind) => {
      const what =
        kind === "exception"
          ? "An error was thrown outside of every task; the run is cancelled"
          : "A promise was rejected and nobody awaited it";
      view.message(`${session.errStyle.bad("✗")} ${what}: ${safeLine(messageOf(error))}`);
      if (kind === "exception" && progress.runId !== undefined)
        void engine.cancel(dag.id, progress.runId, "an error outside of every task").catch(() => undefined);
    });
    // A task may wait for something that keeps no process alive; the run waits all the same.
    const alive = setInterval(() => undefined, 2 ** 30);
    try {
      await engine.start({ adopt: false });
      const result = await engine.run(dag.id, request).finally(() => view.end());
      session.print(resultPayload(result), () => resultLines(result, session, core));
      const failed = Object.entries(result.tasks).find(([, { state }]) => state === "failed")?.[0];
      if (failed !== undefined && !session.inMemory)
        session.note(`Logs: millrace tasks logs ${dag.id} ${result.runId} ${failed}`);
      if (result.state === "success") return exitCodes.ok;
      return interrupts > 0 ? exitCodes.interrupted : exitCodes.failed;
    } finally {
      clearInterval(alive);
      release();
      await engine.close();
      takeNote?.();
      releaseStray();
    }
  },
});

/** What the engine of one run is made of. It also does what other commands ask of it, such as cancelling its run. */
async function ownEngine(session: Session, dagId: string) {
  const { requestService } = await session.core();
  const { home } = await session.config();
  return {
    dags: await dagsToRun(session, dagId),
    services: session.inMemory ? [] : [requestService({ home })],
  };
}

/** The DAG, and if it starts runs of others, those too, as far as they are in good order. */
async function dagsToRun(session: Session, dagId: string) {
  const { dags, notKept } = await session.dags();
  // What is recorded has to be found again, and that needs the code.
  if (notKept !== undefined && !session.inMemory) throw notKept;
  const { pools } = await session.config();
  const all = dags.filter(({ isStale }) => !isStale).map(({ dag }) => dag);
  const wanted = all.filter(({ id }) => id === dagId);
  if (!wanted.some(({ tasks }) => tasks.some(({ kind }) => kind === "trigger"))) return wanted;
  return all.filter((dag) => dag.id === dagId || unknownPools([dag], pools).length === 0);
}
