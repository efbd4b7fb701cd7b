import type { Readable } from "node:stream";
import type { PushAllRecord, XComAccessor, XComClearRecord, XComQuery } from "../authoring/context.ts";
import { checkRunId, checkXComKey } from "../authoring/identifiers.ts";
import { coreError, shown } from "../errors.ts";
import type { JobRun } from "../runtime/job.ts";
import type { Change, Outcome, RunRow, XComPut, XComRef, XComRow } from "../store/contract.ts";
import type { PatientReads } from "../store/patient-reads.ts";
import { formatInstant } from "../time/instant.ts";
import { processMeter } from "../time/meter.ts";
import { recordCountOf, type XComBackend, type XComBackendCall } from "./backend.ts";
import { encodeValue } from "./codec.ts";
import { jsonOperation, type OnOperation } from "./operation.ts";
import type { XComAddress, XComPlace } from "./parts.ts";
import { storedOf, streamOf } from "./stored-of.ts";
import type { XComReads } from "./xcom-reads.ts";

/** The key of a task's result. */
export const resultKey = "return_value";

/** What the accessor needs of the engine. */
export interface XComServices {
  readonly store: Omit<PatientReads, "chunks" | "previousRun">;
  /** Stores a change with the engine's next group; tried again as long as the engine's patience lasts. */
  write(change: Change): Promise<Outcome>;
  readonly backend: XComBackend;
  /** Where the streams of an attempt stay that no place of the backend takes; `undefined` where somebody else sees to it. */
  readonly chunksOf: (taskInstanceNo: number, attempt: number) => XComPlace | undefined;
  /** Told of what values become, where there are parts. */
  readonly onOperation?: OnOperation;
  readonly maxValueBytes: number;
  readonly now: () => number;
  /** 8 hexadecimal digits. */
  readonly randomHex: () => string;
}

/** The attempt that pushes and pulls. */
export interface XComCaller {
  readonly run: JobRun;
  readonly taskId: string;
  readonly taskInstanceNo: number;
  readonly mapIndex: number;
  readonly attempt: number;
  /** Told of every XCom of another instance or run that is read. */
  readonly reads: XComReads;
  /** A retry: what earlier attempts of this instance pushed is replaced by this attempt's outcome, and not seen by it. */
  readonly startsAnew: boolean;
}

type AnyQuery = XComQuery & { readonly default?: unknown };

/** Pushes and pulls of one attempt. Pushes are kept here until the attempt's outcome is recorded; its own pulls see them. */
export class AttemptXComs implements XComAccessor {
  readonly #services: XComServices;
  readonly #caller: XComCaller;
  readonly #pushed = new Map<string, XComPut>();
  readonly #cleared = new Map<string, XComRef>();
  readonly #underWay = new Set<Promise<unknown>>();

  constructor(services: XComServices, caller: XComCaller) {
    this.#services = services;
    this.#caller = caller;
  }

  /** What is to be recorded with the outcome. */
  get puts(): readonly XComPut[] {
    return [...this.#pushed.values()];
  }

  get deletes(): readonly XComRef[] {
    return [...this.#cleared.values()];
  }

  /** True while something that the task began is not done. A task need not wait for its pushes: the attempt's end does. */
  get isBusy(): boolean {
    return this.#underWay.size > 0;
  }

  /** @throws what went wrong with something that the task did not wait for */
  async whenIdle(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.all(this.#underWay);
  }

  /** Has the attempt's end wait for it. */
  track<T>(work: Promise<T>): Promise<T> {
    const done = work.finally(() => this.#underWay.delete(done));
    this.#underWay.add(done);
    // Whoever began it, or the attempt's end, is told; nobody's being told would end the process.
    done.catch(() => undefined);
    return done;
  }

  /** Throws at once what is wrong with key or value, so that a task that does not wait for its pushes fails too. */
  push(key: string, value: unknown): Promise<void> {
    checkXComKey(key);
    const put = encodePut(this.#services, this.#addressOf(this.#caller.taskId, this.#caller.mapIndex, key), value);
    if (put instanceof Promise) return this.track(put.then((done) => void this.#pushed.set(key, done)));
    this.#pushed.set(key, put);
    return Promise.resolve();
  }

  async pull(
    query: AnyQuery | (Omit<AnyQuery, "task"> & { readonly task: readonly (string | { id: string })[] }),
  ): Promise<never> {
    if (Array.isArray(query.task))
      return (await Promise.all(query.task.map((task) => this.#pullOne({ ...query, task } as AnyQuery)))) as never;
    return (await this.#pullOne(query as AnyQuery)) as never;
  }

  async pullAvailable(
    task: string | { readonly id: string },
    keys: readonly string[],
  ): Promise<{ available: Record<string, unknown>; missing: string[] }> {
    const found = await Promise.all(
      keys.map(async (key) => [key, await this.#pullOne({ task: task as string, key, default: missing })] as const),
    );
    return {
      available: Object.fromEntries(found.filter(([, value]) => value !== missing)),
      missing: found.flatMap(([key, value]) => (value === missing ? [key] : [])),
    };
  }

  pushAll(prefix: string, values: Readonly<Record<string, unknown>>): Promise<PushAllRecord> {
    const names = Object.keys(values);
    const record = {
      keys_pushed: names.map((name) => `${prefix}_${name}`),
      total_items: names.length,
      push_timestamp: formatInstant(this.#services.now()),
    };
    return Promise.all(names.map((name) => this.push(`${prefix}_${name}`, values[name]))).then(() => record);
  }

  pushStream(
    key: string,
    source: Readable | AsyncIterable<Uint8Array | string>,
  ): Promise<{ readonly sizeBytes: number }> {
    checkXComKey(key);
    return this.track(this.#pushStream(key, source));
  }

  async #pushStream(
    key: string,
    source: Readable | AsyncIterable<Uint8Array | string>,
  ): Promise<{ readonly sizeBytes: number }> {
    const { taskId, mapIndex } = this.#caller;
    const address = this.#addressOf(taskId, mapIndex, key);
    const { stored, sizeBytes } = await this.#services.backend.serializeStream(source, address, this.#streamCall);
    this.#pushed.set(key, { key, format: "envelope", stored: JSON.stringify(stored), sizeBytes });
    return { sizeBytes };
  }

  async pullStream(query: XComQuery & { readonly key: string }): Promise<AsyncIterable<Uint8Array>> {
    const found = await this.#find(query);
    const { taskId, run } = this.#caller;
    if (!found)
      throw coreError("XCOM_NOT_FOUND", {
        taskId: idOf(query.task) ?? taskId,
        key: query.key,
        runId: query.run ?? run.runId,
      });
    this.#note(found);
    const address = await this.#addressOfFound(found);
    return this.#services.backend.deserializeStream(streamOf(found, address), address, this.#streamCall);
  }

  get #streamCall(): XComBackendCall {
    const { taskInstanceNo, attempt } = this.#caller;
    return { chunks: this.#services.chunksOf(taskInstanceNo, attempt) };
  }

  uniqueKey(base: string): string {
    return checkXComKey(`${base}_${this.#services.randomHex()}`);
  }

  async clear(
    query: { readonly task?: string | { readonly id: string }; readonly keys?: readonly string[] } = {},
  ): Promise<XComClearRecord> {
    const { run } = this.#caller;
    const task = idOf(query.task);
    if (task !== undefined) this.#taskNo(task);
    const rows = await this.#services.store.xcoms.ofRun(run.runNo);
    const removed: XComClearRecord["removed"] = [];
    if (task === undefined || task === this.#caller.taskId) removed.push(...this.#unpush(query.keys));
    for (const row of rows) {
      const isMeant =
        (task === undefined || row.taskId === task) && (query.keys === undefined || query.keys.includes(row.key));
      const name = refName(row);
      if (!isMeant || this.#cleared.has(name)) continue;
      this.#cleared.set(name, { taskInstanceNo: row.taskInstanceNo, key: row.key });
      removed.push({ task: row.taskId, mapIndex: row.mapIndex, key: row.key, sizeBytes: row.sizeBytes });
    }
    return { removed, sizeBytes: removed.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) };
  }

  /** Takes back what this attempt has pushed. */
  #unpush(keys: readonly string[] | undefined): XComClearRecord["removed"] {
    const { taskId: task, mapIndex } = this.#caller;
    return [...this.#pushed.values()].flatMap(({ key, sizeBytes }) => {
      if (keys !== undefined && !keys.includes(key)) return [];
      this.#pushed.delete(key);
      return [{ task, mapIndex, key, sizeBytes }];
    });
  }

  async #pullOne(query: AnyQuery): Promise<unknown> {
    const key = query.key === undefined ? resultKey : checkXComKey(query.key);
    const task = idOf(query.task) ?? this.#caller.taskId;
    const taskNo = this.#taskNo(task);
    const { run } = this.#caller;
    const isWholeMap =
      query.mapIndex === undefined &&
      run.isMapped(taskNo) &&
      !(task === this.#caller.taskId && query.task === undefined);
    if (isWholeMap) {
      const kept = await this.#keptOfMap(task, key, query);
      for (const row of kept) this.#note(row);
      const values = await Promise.all(
        kept.map(async (row) => decodePut(this.#services, row, await this.#addressOfFound(row))),
      );
      return values.length === 0 && "default" in query ? query.default : values;
    }
    const found = await this.#find({ ...query, key });
    if (!found) return query.default;
    this.#note(found);
    return decodePut(this.#services, found, await this.#addressOfFound(found));
  }

  /** A key of all instances of a mapped task; with `prior`, where this run has none, of the newest earlier run that has. */
  async #keptOfMap(task: string, key: string, { run: runId, prior }: AnyQuery): Promise<readonly XComRow[]> {
    const rows = (await this.#rowsOfMap(task, key, runId)).filter((row) => row !== undefined);
    const kept = rows.filter((row) => !this.#cleared.has(refName(row)));
    if (kept.length > 0 || !prior || runId !== undefined) return kept;
    const { store } = this.#services;
    const { dagNo, logicalDate, runNo } = this.#caller.run;
    const first = await store.xcoms.prior({ dagNo, taskId: task, mapIndex: 0, key, logicalDate, runNo: runNo - 1 });
    const other = first && (await store.runs.get(first.runNo));
    if (!other) return [];
    return (await this.#rowsOfMap(task, key, other.runId)).filter((row) => row !== undefined);
  }

  /** A key of all instances of a mapped task, of this run or another. */
  async #rowsOfMap(task: string, key: string, runId: string | undefined): Promise<readonly (XComRow | undefined)[]> {
    const { run } = this.#caller;
    const { store } = this.#services;
    if (runId === undefined || runId === run.runId)
      return store.xcoms.getMany(await run.instancesOf(this.#taskNo(task)), key);
    const other = await this.#otherRun(runId);
    const instances = (await store.tasks.ofRun(other.runNo)).filter(({ taskId }) => taskId === task);
    return store.xcoms.getMany(
      instances.map(({ taskInstanceNo }) => taskInstanceNo),
      key,
    );
  }

  async #otherRun(runId: string): Promise<RunRow> {
    const { dag } = this.#caller.run;
    const other = await this.#services.store.runs.find(dag.id, checkRunId(runId));
    if (!other) throw coreError("RUN_NOT_FOUND", { dagId: dag.id, runId });
    return other;
  }

  /** What this attempt has pushed, or a row of the store. */
  async #find(query: AnyQuery): Promise<XComPut | XComRow | undefined> {
    const key = checkXComKey(query.key ?? resultKey);
    const { run, taskId, taskInstanceNo } = this.#caller;
    const { store } = this.#services;
    const task = idOf(query.task) ?? taskId;
    const taskNo = this.#taskNo(task);
    const mapIndex = query.mapIndex ?? (query.task === undefined ? this.#caller.mapIndex : -1);
    if (query.run !== undefined && query.run !== run.runId) {
      const other = await this.#otherRun(query.run);
      const instance = await store.tasks.find({ runNo: other.runNo, taskId: task, mapIndex });
      return instance && store.xcoms.get({ taskInstanceNo: instance.taskInstanceNo, key });
    }
    const instances = await run.instancesOf(taskNo);
    const instanceNo = mapIndex < 0 ? instances[0] : instances[mapIndex];
    if (instanceNo === taskInstanceNo && this.#pushed.has(key)) return this.#pushed.get(key);
    if (instanceNo !== undefined && !this.#cleared.has(refName({ taskInstanceNo: instanceNo, key }))) {
      const row = await store.xcoms.get({ taskInstanceNo: instanceNo, key });
      if (row && !(instanceNo === taskInstanceNo && this.#caller.startsAnew)) return row;
    }
    if (!query.prior) return undefined;
    return store.xcoms.prior({
      dagNo: run.dagNo,
      taskId: task,
      mapIndex,
      key,
      logicalDate: run.logicalDate,
      // The run itself has been looked at.
      runNo: run.runNo - 1,
    });
  }

  /** What the attempt has pushed itself is no read of anything. */
  #note(found: XComPut | XComRow): void {
    if ("runNo" in found) this.#caller.reads.note(found);
  }

  #taskNo(taskId: string): number {
    const taskNo = this.#caller.run.taskNoOf(taskId);
    if (taskNo === undefined)
      throw coreError("TASK_NOT_FOUND", { dagId: this.#caller.run.dag.id, taskId: shown(taskId, 300).slice(1, -1) });
    return taskNo;
  }

  /** The address under which a value was written, which encryption insists on; it may be of another run. */
  async #addressOfFound(found: XComPut | XComRow): Promise<XComAddress> {
    const { run, taskId, mapIndex } = this.#caller;
    if (!("runNo" in found)) return this.#addressOf(taskId, mapIndex, found.key);
    const other = found.runNo === run.runNo ? undefined : await this.#services.store.runs.get(found.runNo);
    return this.#addressOf(found.taskId, found.mapIndex, found.key, other?.runId);
  }

  #addressOf(taskId: string, mapIndex: number, key: string, runId = this.#caller.run.runId): XComAddress {
    return { dagId: this.#caller.run.dag.id, runId, taskId, mapIndex, key };
  }
}

const missing = Symbol("missing");

/** Results of all instances of a task, in the order of their indices; those without one are left out. */
export async function pullAll(
  services: XComServices,
  run: JobRun,
  taskNo: number,
  key: string,
  reads?: XComReads,
): Promise<unknown[]> {
  const rows = await services.store.xcoms.getMany(await run.instancesOf(taskNo), key);
  const taskId = run.dag.tasks[taskNo].id;
  const present = rows.filter((row): row is XComRow => row !== undefined);
  if (reads) for (const row of present) reads.note(row);
  return Promise.all(
    present.map((row) =>
      decodePut(services, row, { dagId: run.dag.id, runId: run.runId, taskId, mapIndex: row.mapIndex, key }),
    ),
  );
}

/** A value as it is to be stored; at once where no part of a backend has to be waited for. */
export function encodePut(services: XComServices, address: XComAddress, value: unknown): XComPut | Promise<XComPut> {
  const { key, taskId } = address;
  const { backend, maxValueBytes } = services;
  // A text that is too long by its characters need not be copied to learn its bytes.
  const began = services.onOperation && !backend.isPlain ? processMeter.nowUs() : undefined;
  const text = typeof value === "string" && value.length > maxValueBytes ? value : encodeValue(value);
  const sizeBytes = Buffer.byteLength(text);
  if (sizeBytes > maxValueBytes) throw coreError("XCOM_TOO_LARGE", { key, taskId, sizeBytes, limit: maxValueBytes });
  if (backend.isPlain) return { key, format: "json", stored: text, sizeBytes };
  if (began !== undefined) services.onOperation?.(jsonOperation("write", address, sizeBytes, began));
  return backend
    .serializeText(text, address, { recordCount: recordCountOf(value) })
    .then((stored) =>
      typeof stored === "string"
        ? { key, format: "json", stored, sizeBytes }
        : { key, format: "envelope", stored: JSON.stringify(stored), sizeBytes },
    );
}

/**
 * The value of a stored XCom. A row that was read may be written anew, and its old bytes removed, before they are read:
 * then it is read again.
 */
export async function decodePut(
  services: Pick<XComServices, "backend"> & {
    readonly store: { readonly xcoms: Pick<XComServices["store"]["xcoms"], "get"> };
  },
  put: XComPut | XComRow,
  address: XComAddress,
): Promise<unknown> {
  const { sizeBytes } = put;
  try {
    return await services.backend.deserialize(storedOf(put, address), address, { sizeBytes });
  } catch (error) {
    const row = "runNo" in put ? await services.store.xcoms.get(put) : undefined;
    if (row === undefined || row.stored === put.stored) throw error;
    return decodePut(services, row, address);
  }
}

function idOf(task: AnyQuery["task"] | { readonly id: string }): string | undefined {
  return typeof task === "object" ? task.id : task;
}

function refName(ref: XComRef): string {
  return `${ref.taskInstanceNo}/${ref.key}`;
}
