import type { Dag } from "@millrace/core";
import type { History } from "./history.ts";

interface Snapshot {
  readonly maxActiveRuns: number;
  readonly maxActiveTasks: number;
  readonly tasks: readonly { readonly pool: string; readonly poolSlots: number }[];
}

interface Limit {
  readonly name: string;
  capacity: number;
  used: number;
}

interface Hold {
  readonly limit: Limit;
  readonly slots: number;
}

/** Counts what runs and attempts hold at every event, and says when something begins that there is no room for. */
export class Limits {
  readonly #history: History;
  readonly #snapshots = new Map<number, Snapshot>();
  readonly #dags: ReadonlyMap<string, Dag>;
  readonly #limits = new Map<string, Limit>();
  readonly #held = new Map<string, readonly Hold[]>();

  constructor(history: History, dags: Iterable<Dag>) {
    this.#history = history;
    this.#dags = new Map([...dags].map((dag) => [dag.id, dag]));
    for (const { versionNo, snapshot } of history.versions.values())
      this.#snapshots.set(versionNo, JSON.parse(snapshot) as Snapshot);
  }

  setPool(pool: string, slots: number): void {
    this.#limit(`pool '${pool}'`, slots).capacity = slots;
  }

  /** @returns names of the limits that had no room for it */
  runBegins(runNo: number): string[] {
    const run = this.#history.runs.get(runNo);
    if (!run) return [];
    const most = this.#most(run.dagId, ({ maxActiveRuns }) => maxActiveRuns);
    return this.#take(`run ${runNo}`, [{ limit: this.#limit(`maxActiveRuns of '${run.dagId}'`, most), slots: 1 }]);
  }

  runEnds(runNo: number): void {
    this.#give(`run ${runNo}`);
  }

  /** @returns names of the limits that had no room for it */
  attemptBegins(taskInstanceNo: number, runNo: number): string[] {
    const run = this.#history.runs.get(runNo);
    const row = this.#history.tasks.get(taskInstanceNo);
    if (!run) return [];
    const { dagId } = run;
    const most = this.#most(dagId, ({ maxActiveTasks }) => maxActiveTasks);
    const holds: Hold[] = [{ limit: this.#limit(`maxActiveTasks of '${dagId}'`, most), slots: 1 }];
    // An element that was removed later: of which task it was is not known any more.
    const task = row && this.#snapshots.get(run.versionNo)?.tasks[row.taskNo];
    if (row && task) {
      const pool = this.#limits.get(`pool '${task.pool}'`);
      if (pool) holds.push({ limit: pool, slots: task.poolSlots });
      const definition = this.#dags.get(dagId)?.tasks.find(({ id }) => id === row.taskId);
      const { maxActivePerDag, map } = definition ?? {};
      const ofTask = `of task '${row.taskId}' in '${dagId}'`;
      if (maxActivePerDag !== undefined)
        holds.push({ limit: this.#limit(`maxActivePerDag ${ofTask}`, maxActivePerDag), slots: 1 });
      if (map?.maxActive !== undefined && row.mapIndex >= 0)
        holds.push({ limit: this.#limit(`maxActive ${ofTask}, run ${runNo}`, map.maxActive), slots: 1 });
    }
    return this.#take(`task ${taskInstanceNo}`, holds);
  }

  attemptEnds(taskInstanceNo: number): void {
    this.#give(`task ${taskInstanceNo}`);
  }

  /** The limit of a DAG may differ between its versions: the widest counts. */
  #most(dagId: string, of: (snapshot: Snapshot) => number): number {
    let most = 0;
    for (const { versionNo, dagId: other } of this.#history.versions.values()) {
      const snapshot = this.#snapshots.get(versionNo);
      if (other === dagId && snapshot) most = Math.max(most, of(snapshot));
    }
    return most;
  }

  #limit(name: string, capacity: number): Limit {
    const known = this.#limits.get(name);
    if (known) return known;
    const limit = { name, capacity, used: 0 };
    this.#limits.set(name, limit);
    return limit;
  }

  #take(holder: string, holds: readonly Hold[]): string[] {
    this.#give(holder);
    this.#held.set(holder, holds);
    const full: string[] = [];
    for (const { limit, slots } of holds) {
      limit.used += slots;
      if (limit.used > limit.capacity) full.push(`${limit.name} is ${limit.capacity}, and ${limit.used} are held`);
    }
    return full;
  }

  #give(holder: string): void {
    for (const { limit, slots } of this.#held.get(holder) ?? []) limit.used -= slots;
    this.#held.delete(holder);
  }
}
