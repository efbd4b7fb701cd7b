import { coreError } from "../errors.ts";
import { isRunFinished } from "../lifecycle/states.ts";
import type { EventRow, RunRow, Store, TaskInstanceRow } from "../store/contract.ts";
import type { EngineEvent } from "./engine-event.ts";

/** Events that one read takes. */
const pageSize = 500;
/** Names that are kept before all are forgotten. */
const mostRuns = 1_000;
const mostInstances = 10_000;

export type EventStore = Pick<Store, "name" | "events" | "runs" | "tasks">;

/** Events read back from a store, page by page, with the names that listeners know them by. */
export class StoredEvents {
  readonly #store: EventStore;
  readonly #runs = new Map<number, Pick<RunRow, "dagId" | "runId">>();
  readonly #instances = new Map<number, Pick<TaskInstanceRow, "taskId" | "mapIndex">>();

  constructor(store: EventStore) {
    this.#store = store;
  }

  /** The next events after this number; none when there are no more. */
  async page(after: number, runNo?: number): Promise<EngineEvent[]> {
    const rows = await this.#store.events.list({ after, limit: pageSize, ...(runNo === undefined ? {} : { runNo }) });
    const events: EngineEvent[] = [];
    for (const row of rows) events.push(await this.#named(row));
    return events;
  }

  /** True when the run has ended (or is not there) and has no event after this number. */
  async isOver(runNo: number, after: number): Promise<boolean> {
    // The state first: what is read after it holds every event that led to it.
    const run = await this.#store.runs.get(runNo);
    if (run && !isRunFinished(run.state)) return false;
    return (await this.#store.events.list({ runNo, after, limit: 1 })).length === 0;
  }

  async #named(row: EventRow): Promise<EngineEvent> {
    const { seq, at, kind, dagId, runNo, taskInstanceNo, attempt, data } = row;
    const run = runNo === null ? undefined : await this.#run(runNo);
    // What was the placeholder of a mapped task is its first element from here on.
    if (kind === "task.expanded" && taskInstanceNo !== null) this.#instances.delete(taskInstanceNo);
    const instance = taskInstanceNo === null ? undefined : await this.#instance(taskInstanceNo);
    return {
      seq,
      at,
      kind,
      ...(dagId === null ? {} : { dagId }),
      ...(runNo === null ? {} : { runNo }),
      ...run,
      ...instance,
      ...(attempt === null ? {} : { attempt }),
      ...(data === null ? {} : { data: this.#parse(data, seq) }),
    };
  }

  async #run(runNo: number): Promise<Pick<RunRow, "dagId" | "runId"> | undefined> {
    const known = this.#runs.get(runNo);
    if (known) return known;
    const row = await this.#store.runs.get(runNo);
    if (!row) return undefined;
    if (this.#runs.size >= mostRuns) this.#runs.clear();
    const names = { dagId: row.dagId, runId: row.runId };
    this.#runs.set(runNo, names);
    return names;
  }

  async #instance(no: number): Promise<Pick<TaskInstanceRow, "taskId" | "mapIndex"> | undefined> {
    const known = this.#instances.get(no);
    if (known) return known;
    const row = await this.#store.tasks.get(no);
    if (!row) return undefined;
    if (this.#instances.size >= mostInstances) this.#instances.clear();
    const names = { taskId: row.taskId, mapIndex: row.mapIndex };
    this.#instances.set(no, names);
    return names;
  }

  #parse(data: string, seq: number): unknown {
    try {
      return JSON.parse(data) as unknown;
    } catch {
      throw coreError("STORE_CORRUPT", { path: `The ${this.#store.name} store`, why: `event ${seq} is not JSON` });
    }
  }
}
