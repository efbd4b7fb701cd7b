import type { EventRow, RunRow, RunState, Store, TaskInstanceRow, TaskState } from "@millrace/core/plugin";
import { plannedTaskId } from "../../src/arbitraries.ts";
import { checkHistory } from "../../src/oracle/check-history.ts";
import type { World } from "./world.ts";

/** Which state may follow which, told from the documentation and not from the engine's own table. */
const after: Readonly<Record<TaskState, readonly TaskState[]>> = {
  scheduled: ["running", "skipped", "upstream_failed", "removed", "cancelled", "failed"],
  queued: [],
  running: ["success", "failed", "skipped", "up_for_retry", "up_for_reschedule", "cancelled", "scheduled"],
  up_for_retry: ["running", "scheduled", "skipped", "failed", "cancelled"],
  up_for_reschedule: ["running", "scheduled", "skipped", "failed", "cancelled"],
  waiting: [],
  success: [],
  failed: [],
  skipped: [],
  upstream_failed: [],
  removed: [],
  cancelled: [],
};
const runAfter: Readonly<Record<RunState, readonly RunState[]>> = {
  queued: ["running", "success", "failed", "cancelled"],
  running: ["success", "failed", "cancelled", "queued"],
  success: [],
  failed: [],
  cancelled: [],
};
const ended: readonly string[] = ["success", "failed", "skipped", "upstream_failed", "removed", "cancelled"];
const runEnded: readonly string[] = ["success", "failed", "cancelled"];

interface Followed {
  readonly dagId: string;
  readonly runNo: number;
  state: TaskState;
  attempt: number;
  /** Since it was cleared. */
  successes: number;
  isMarked: boolean;
}

/** Holds what the store has recorded against what must always hold. One for the whole life of a world. */
export class Oracle {
  readonly #world: World;
  readonly #tasks = new Map<number, Followed>();
  readonly #runs = new Map<number, { readonly dagId: string; readonly runId: string; state: RunState }>();
  #seq = 0;

  constructor(world: World) {
    this.#world = world;
  }

  /** After every operation. */
  async check(): Promise<void> {
    const reader = await this.#world.reader();
    for (;;) {
      const events = await reader.events.list({ after: this.#seq, limit: 1_000 });
      for (const event of events) await this.#follow(event, reader);
      if (events.length < 1_000) break;
    }
    for (const run of await reader.runs.list({ limit: 10_000 })) await this.#checkRun(run, reader);
    for (const { dagId, runId } of this.#world.promised)
      if (!(await reader.runs.find(dagId, runId))) wrong(`run ${dagId} ${runId} was promised and is not there`);
    this.#checkKeys();
    const { mostUnderWay, concurrency } = this.#world;
    if (mostUnderWay > concurrency) wrong(`${mostUnderWay} attempts were made at once, and ${concurrency} may`);
  }

  /** Everything from the first event on, without knowing what was done. */
  async checkWhole(isOver: boolean): Promise<void> {
    const problems = await checkHistory(await this.#world.reader(), { dags: this.#world.dags, isOver });
    if (problems.length > 0) wrong(problems.map(({ rule, what }) => `${rule}: ${what}`).join("; "));
  }

  /** At the very end, when nothing fails any more and time enough has passed. */
  async checkEnd(): Promise<void> {
    await this.checkWhole(true);
    const reader = await this.#world.reader();
    const active = await reader.runs.active();
    if (active.length > 0)
      wrong(`${active.map(({ dagId, runId, state }) => `${dagId} ${runId} ${state}`).join(", ")}: stuck`);
  }

  async #follow(event: EventRow, reader: Store): Promise<void> {
    if (event.seq <= this.#seq) wrong(`event ${event.seq} comes after ${this.#seq}`);
    this.#seq = event.seq;
    const [what, word] = event.kind.split(".");
    if (what === "run" && event.runNo !== null)
      await this.#followRun(event.runNo, word as RunState | "created", reader);
    if (what !== "task" || event.taskInstanceNo === null || word === "expanded") return;
    await this.#followTask(event, word as TaskState | "cleared", event.taskInstanceNo, reader);
  }

  async #followRun(runNo: number, word: RunState | "created", reader: Store): Promise<void> {
    const known = this.#runs.get(runNo);
    if (word === "created") {
      if (known) wrong(`run ${runNo} is made twice`);
      const row = await reader.runs.get(runNo);
      this.#runs.set(runNo, { dagId: row?.dagId ?? "", runId: row?.runId ?? "", state: "queued" });
      return;
    }
    if (!known) return wrong(`run ${runNo} goes to ${word}, and nobody has made it`);
    const isReopened = word === "queued" && this.#world.operated.has(`${known.dagId} ${known.runId}`);
    if (!isReopened && !runAfter[known.state].includes(word)) wrong(`run ${runNo}: ${known.state} → ${word}`);
    known.state = word;
  }

  async #followTask(
    event: EventRow,
    word: TaskState | "cleared" | "collapsed",
    no: number,
    reader: Store,
  ): Promise<void> {
    const { runNo } = event;
    const run = this.#runs.get(runNo ?? 0);
    if (!run || runNo === null) return wrong(`${event.kind} of run ${runNo}, which nobody has made`);
    const task = this.#tasks.get(no) ?? {
      dagId: run.dagId,
      runNo,
      state: "scheduled",
      attempt: 0,
      successes: 0,
      isMarked: false,
    };
    this.#tasks.set(no, task);
    const isMarked = event.data?.includes('"reason":"marked as ') ?? false;
    const isByHand = isMarked || word === "cleared" || word === "collapsed";
    if (isByHand && !this.#world.operated.has(`${run.dagId} ${run.runId}`))
      wrong(`nobody wanted ${event.kind} of ${no}`);
    if (word === "collapsed") await this.#forgetOthers(runNo, reader);
    const to = word === "cleared" || word === "collapsed" ? "scheduled" : word;
    if (!isByHand && !after[task.state].includes(to)) wrong(`task instance ${no}: ${task.state} → ${to}`);
    if (!isByHand && runEnded.includes(run.state))
      wrong(`task instance ${no} goes to ${to}, and its run has ended as ${run.state}`);
    if (to === "running") {
      const attempt = event.attempt ?? 0;
      if (attempt < task.attempt || attempt > task.attempt + 1)
        wrong(`attempt ${attempt} of ${no} follows ${task.attempt}`);
      if (attempt === task.attempt && task.state !== "up_for_reschedule")
        wrong(`attempt ${attempt} of ${no} is made twice`);
      task.attempt = attempt;
    }
    task.state = to;
    task.isMarked = isMarked;
    if (isByHand) task.successes = 0;
    if (to === "success" && !isMarked) await this.#followSuccess(task, run.runId, event.attempt, no, reader);
    this.#checkLimits(run.dagId);
  }

  /** One success, of an attempt that was made. */
  async #followSuccess(
    task: Followed,
    runId: string,
    attempt: number | null,
    no: number,
    reader: Store,
  ): Promise<void> {
    if (++task.successes > 1) wrong(`task instance ${no} has two successes`);
    const row = await reader.tasks.get(no);
    if (!row || this.#isEmpty(task.dagId, row.taskId)) return;
    const name = [task.dagId, runId, row.taskId, row.mapIndex, attempt].join(" ");
    if (!this.#world.began.has(name)) wrong(`nobody has made ${name}`);
  }

  /** A mapped task lost its elements: all instances but one are gone. */
  async #forgetOthers(runNo: number, reader: Store): Promise<void> {
    const left = new Set((await reader.tasks.ofRun(runNo)).map(({ taskInstanceNo }) => taskInstanceNo));
    for (const [no, task] of this.#tasks) if (task.runNo === runNo && !left.has(no)) this.#tasks.delete(no);
  }

  /** How many run, at every instant that was recorded. (How many attempts are made at once the executor of the world sees.) */
  #checkLimits(dagId: string): void {
    const ofDag = [...this.#tasks.values()].filter((task) => task.state === "running" && task.dagId === dagId).length;
    const most = this.#planOf(dagId).maxActiveTasks;
    if (ofDag > most) wrong(`${ofDag} tasks of ${dagId} run, and ${most} may`);
  }

  /** Rows tell what the events told; a run that has ended is complete. */
  async #checkRun(run: RunRow, reader: Store): Promise<void> {
    const { runNo, dagId, runId, state } = run;
    const name = `${dagId} ${runId}`;
    if (this.#runs.get(runNo)?.state !== state)
      wrong(`run ${name} is ${state}, its events say ${this.#runs.get(runNo)?.state}`);
    const tasks = await reader.tasks.ofRun(runNo);
    for (const row of tasks) {
      const told = this.#tasks.get(row.taskInstanceNo) ?? { state: "scheduled", isMarked: false };
      if (told.state !== row.state) wrong(`${name} ${row.taskId}[${row.mapIndex}] is ${row.state}, told ${told.state}`);
      if (runEnded.includes(state) && !ended.includes(row.state))
        wrong(`run ${name} has ended, ${row.taskId} is ${row.state}`);
      await this.#checkTask(row, dagId, told.isMarked, reader);
    }
    if (state === "success" || state === "failed") this.#checkRunState(run, tasks);
  }

  async #checkTask(row: TaskInstanceRow, dagId: string, isMarked: boolean, reader: Store): Promise<void> {
    const plan = this.#planOf(dagId);
    const number = plan.tasks.findIndex((_, n) => plannedTaskId(plan, n) === row.taskId);
    const task = plan.tasks[number];
    if (!task) return wrong(`${row.taskId} is no task of ${dagId}`);
    if (row.attempt - row.uncounted > task.retries + 1) wrong(`${row.taskId} had ${row.attempt} attempts`);
    if (isMarked) return;
    const hasResult = ["task", "map", "setup", "teardown"].includes(task.kind);
    const value = await reader.xcoms.get({ taskInstanceNo: row.taskInstanceNo, key: "return_value" });
    const wanted = row.state === "success" && hasResult ? `[${number}]` : undefined;
    if (hasResult && value?.stored !== wanted) wrong(`${row.taskId} is ${row.state} and left ${value?.stored}`);
  }

  /** The run's end follows from its tasks': of all, or of those that nothing follows. */
  #checkRunState({ dagId, runId, state }: RunRow, tasks: readonly TaskInstanceRow[]): void {
    const plan = this.#planOf(dagId);
    // Teardowns hand their say to the tasks before them: left to the tests of core.
    if (plan.tasks.some(({ kind }) => kind === "teardown")) return;
    const isLeaf = (number: number): boolean => !plan.tasks.some(({ upstream }) => upstream.includes(number));
    const isBad = (task: TaskInstanceRow): boolean => ["failed", "upstream_failed", "cancelled"].includes(task.state);
    // A task that was cancelled, in a run of which only others were cleared, stays so; that is no failure but where it is last.
    const isStrict = plan.runState === "any_failed" && tasks.some((task) => task.state === "failed");
    const failed = isStrict || tasks.some((task) => isLeaf(task.taskNo) && isBad(task));
    if (failed !== (state === "failed"))
      wrong(`run ${dagId} ${runId} is ${state}, its tasks ${tasks.map((t) => t.state).join()}`);
  }

  /** One idempotency key, one run. */
  #checkKeys(): void {
    const runs = new Map<string, string>();
    for (const { dagId, runId, idempotencyKey } of this.#world.promised) {
      if (idempotencyKey === undefined) continue;
      const key = `${dagId} ${idempotencyKey}`;
      if ((runs.get(key) ?? runId) !== runId) wrong(`key ${key} names the runs ${runs.get(key)} and ${runId}`);
      runs.set(key, runId);
    }
  }

  #isEmpty(dagId: string, taskId: string | undefined): boolean {
    return this.#world.dags.some(
      ({ id, tasks }) => id === dagId && tasks.some((t) => t.id === taskId && t.kind === "empty"),
    );
  }

  #planOf(dagId: string) {
    const plan = this.#world.plans[this.#world.dags.findIndex(({ id }) => id === dagId)];
    return plan ?? wrong(`there is no DAG ${dagId}`);
  }
}

function wrong(what: string): never {
  throw new Error(what);
}
