import { isRunFinished } from "../../src/lifecycle/states.ts";
import type { Change, Outcome, Store, TaskInstanceRow, XComPut } from "../../src/store/contract.ts";
import { memoryStore } from "../../src/store/memory-store.ts";
import type { CollectorReads } from "../../src/xcom/collector/judge.ts";
import { leadOf } from "../../src/xcom/collector/placed-refs.ts";
import { storedStreams } from "../../src/xcom/collector/stored-streams.ts";
import type { XComEnvelope } from "../../src/xcom/parts.ts";
import { type ListingPlace, listingPlace } from "./listing-place.ts";

/** One thing that happens while a collector may be at work. Numbers choose among what there is. */
export type Step =
  | { readonly kind: "run"; readonly dag: number }
  | { readonly kind: "start"; readonly at: number }
  | { readonly kind: "put"; readonly at: number; readonly key: number; readonly isBegunOnly: boolean }
  | { readonly kind: "finish"; readonly at: number; readonly replaces: boolean }
  | { readonly kind: "lose"; readonly at: number }
  | { readonly kind: "end"; readonly at: number }
  | { readonly kind: "clear"; readonly at: number }
  | { readonly kind: "delete"; readonly at: number }
  | { readonly kind: "later"; readonly hours: number };

interface Attempt {
  readonly task: TaskInstanceRow;
  readonly runId: string;
  readonly dagId: string;
  readonly token: number;
  readonly attempt: number;
  readonly puts: Map<string, XComPut>;
}

const dagIds = ["sales", "stock"];
const taskIds = ["extract", "load"];
/** What is pushed under this key stays in the store as a stream. */
const streamKey = 2;
const hourMs = 3_600_000;
const from = ["scheduled", "up_for_retry"] as const;

/** A store and a place with a history that is made step by step, as engines and their attempts would make it. */
export class CollectorHistory {
  readonly store: Store = memoryStore();
  now = Date.UTC(2026, 0, 1);
  readonly listing: ListingPlace = listingPlace(() => this.now);
  readonly #attempts: Attempt[] = [];
  #numbers = 0;

  /** The store, with what happens meanwhile before each read. */
  get reads(): CollectorReads {
    const { dags, runs, tasks, xcoms, chunks } = this.store;
    const after = async <T>(read: () => Promise<T>): Promise<T> => {
      await this.listing.meanwhile?.();
      return read();
    };
    return {
      dags: { get: (dagId) => after(() => dags.get(dagId)) },
      runs: {
        find: (dagId, runId) => after(() => runs.find(dagId, runId)),
        get: (runNo) => after(() => runs.get(runNo)),
      },
      tasks: {
        find: (query) => after(() => tasks.find(query)),
        get: (taskInstanceNo) => after(() => tasks.get(taskInstanceNo)),
      },
      chunks: { streams: (query) => after(() => chunks.streams(query)) },
      xcoms: {
        get: (ref) => after(() => xcoms.get(ref)),
        ofTask: (taskInstanceNo) => after(() => xcoms.ofTask(taskInstanceNo)),
      },
    };
  }

  async begin(): Promise<this> {
    await this.store.open("engine");
    for (const dagId of dagIds)
      await this.#commit({
        kind: "registerDag",
        dagId,
        fingerprint: dagId,
        snapshot: "{}",
        bundle: null,
        taskIds,
        paused: false,
        startDate: null,
        startDateIsRelative: false,
        at: this.now,
      });
    return this;
  }

  async take(step: Step): Promise<void> {
    switch (step.kind) {
      case "run":
        return this.#create(dagIds[step.dag % dagIds.length] as string);
      case "start":
        return this.#start(step.at);
      case "put":
        return this.#put(step);
      case "finish":
        return this.#finish(step.at, step.replaces);
      case "lose":
        return this.#lose(step.at);
      case "end":
        return this.#end(step.at);
      case "clear":
        return this.#clear(step.at);
      case "delete":
        return this.#delete(step.at);
      case "later":
        this.now += step.hours * hourMs;
    }
  }

  /** Whatever runs has ended, and no attempt can record anything any more. */
  async endAll(): Promise<void> {
    for (let at = 0; (await this.store.runs.active()).length > 0; at++) await this.#end(at);
    this.#attempts.length = 0;
  }

  /** What rows lead to, in the place and among the streams of the store. */
  async referenced(): Promise<ReadonlySet<string>> {
    const refs = new Set<string>();
    const streams = storedStreams(this.store, async () => undefined);
    for (const { runNo } of await this.store.runs.list({ limit: 10_000 }))
      for (const row of await this.store.xcoms.ofRun(runNo))
        for (const place of [this.listing.place, streams]) {
          const lead = leadOf(place, row);
          if (lead && lead !== "unclear") refs.add(lead.ref);
        }
    return refs;
  }

  /** What is there of both. */
  async kept(): Promise<ReadonlySet<string>> {
    const streams = await this.store.chunks.streams({ limit: 10_000 });
    return new Set([...this.listing.kept.keys(), ...streams.map(({ streamId }) => streamId)]);
  }

  async removeStreams(streamIds: readonly string[]): Promise<void> {
    await this.listing.meanwhile?.();
    await this.#commit(...streamIds.map((streamId) => ({ kind: "deleteChunks", streamId }) as const));
  }

  async #create(dagId: string): Promise<void> {
    const dag = await this.store.dags.get(dagId);
    const number = ++this.#numbers;
    await this.#commit({
      kind: "createRun",
      dagNo: dag?.dagNo ?? 0,
      versionNo: dag?.versionNo ?? 0,
      runId: `run-${number}`,
      type: "manual",
      logicalDate: number,
      intervalStart: number,
      intervalEnd: number,
      params: null,
      conf: null,
      idempotencyKey: null,
      backfill: null,
      at: this.now,
    });
  }

  async #start(at: number): Promise<void> {
    const run = pick(await this.store.runs.active(), at);
    if (!run) return;
    const { runNo, runId, dagId } = run;
    const task = pick(
      (await this.store.tasks.ofRun(runNo)).filter(({ state }) => from.some((wanted) => wanted === state)),
      at,
    );
    if (!task) return;
    const token = ++this.#numbers;
    const attempt = task.attempt + 1;
    const { taskInstanceNo } = task;
    const [outcome] = await this.#commit({
      kind: "startTask",
      taskInstanceNo,
      runNo,
      from,
      token,
      attempt,
      at: this.now,
    });
    if (outcome?.status === "done") this.#attempts.push({ task, runId, dagId, token, attempt, puts: new Map() });
  }

  async #put({ at, key, isBegunOnly }: Extract<Step, { kind: "put" }>): Promise<void> {
    const attempt = pick(this.#attempts, at);
    if (!attempt) return;
    const { dagId, runId, task } = attempt;
    const address = { dagId, runId, taskId: task.taskId, mapIndex: task.mapIndex, key: `key-${key}` };
    if (isBegunOnly) return this.listing.begin(address);
    const envelope =
      key === streamKey
        ? await this.#putStream(attempt)
        : await this.listing.place.put(Uint8Array.of(1, 2, 3), address, undefined);
    const stored = JSON.stringify({ ...envelope, inner: { _xcom_other: true } });
    attempt.puts.set(address.key, { key: address.key, format: "envelope", stored, sizeBytes: 3 });
  }

  async #putStream({ task, attempt }: Attempt): Promise<XComEnvelope> {
    const streamId = `${task.taskInstanceNo}/${attempt}/${(++this.#numbers).toString(16)}`;
    const bytes = Uint8Array.of(1, 2);
    await this.#commit({ kind: "putChunk", streamId, seq: 0, bytes, at: this.now });
    return { _xcom_chunks: true, v: 1, stream_id: streamId };
  }

  /** As attempts do that nobody has stopped; and as those do that were, whose outcome the store refuses. */
  async #finish(at: number, replacesXComs: boolean): Promise<void> {
    const attempt = this.#takeAttempt(at);
    if (!attempt) return;
    const { task, token, puts } = attempt;
    await this.#commit({
      kind: "finishTask",
      taskInstanceNo: task.taskInstanceNo,
      runNo: task.runNo,
      token,
      attempt: attempt.attempt,
      state: at % 3 === 0 ? "up_for_retry" : "success",
      error: null,
      wakeAt: at % 3 === 0 ? this.now : null,
      awaits: null,
      replacesXComs,
      xcoms: [...puts.values()],
      deletes: [],
      reads: [],
      performance: null,
      at: this.now,
    });
  }

  async #lose(at: number): Promise<void> {
    const attempt = this.#takeAttempt(at);
    if (!attempt) return;
    const { task, token } = attempt;
    const { taskInstanceNo, runNo } = task;
    const why = { why: "lost", reason: "its process ended" } as const;
    await this.#commit({
      kind: "returnTask",
      taskInstanceNo,
      runNo,
      token,
      attempt: attempt.attempt,
      ...why,
      at: this.now,
    });
  }

  async #end(at: number): Promise<void> {
    const run = pick(await this.store.runs.active(), at);
    if (!run) return;
    const { runNo, state } = run;
    const stops: Change[] = (await this.store.tasks.ofRun(runNo))
      .filter((task) => task.state === "running")
      .map(({ taskInstanceNo }) => ({
        kind: "setTask",
        taskInstanceNo,
        runNo,
        from: ["running"],
        to: "cancelled",
        reason: null,
        at: this.now,
      }));
    await this.#commit(...stops, {
      kind: "updateRun",
      runNo,
      from: [state],
      to: "cancelled",
      note: null,
      at: this.now,
    });
  }

  async #clear(at: number): Promise<void> {
    const run = pick(await this.store.runs.list({ limit: 100 }), at);
    if (!run) return;
    const { runNo, state } = run;
    const task = pick(
      (await this.store.tasks.ofRun(runNo)).filter(({ token }) => token !== 0),
      at,
    );
    if (!task) return;
    const { taskInstanceNo } = task;
    await this.#commit(
      { kind: "clearTask", taskInstanceNo, runNo, from: [task.state], reason: null, at: this.now },
      ...(isRunFinished(state)
        ? [{ kind: "updateRun", runNo, from: [state], to: "queued", note: null, at: this.now } as const]
        : []),
    );
  }

  async #delete(at: number): Promise<void> {
    const run = pick(await this.store.runs.list({ limit: 100 }), at);
    const row = run && pick(await this.store.xcoms.ofRun(run.runNo), at);
    if (row)
      await this.#commit({
        kind: "deleteXComs",
        refs: [{ taskInstanceNo: row.taskInstanceNo, key: row.key }],
        at: this.now,
      });
  }

  #takeAttempt(at: number): Attempt | undefined {
    return this.#attempts.splice(at % Math.max(1, this.#attempts.length), 1)[0];
  }

  #commit(...changes: readonly Change[]): Promise<readonly Outcome[]> {
    return this.store.commit(changes);
  }
}

function pick<T>(list: readonly T[], at: number): T | undefined {
  return list[at % Math.max(1, list.length)];
}
