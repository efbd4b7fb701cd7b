import { ownsItsDate } from "../lifecycle/states.ts";
import type {
  BackfillFacet,
  ChunkFacet,
  DagFacet,
  EventFacet,
  LogFacet,
  PoolFacet,
  RequestFacet,
  RunFacet,
  RunRow,
  SettingFacet,
  StateFacet,
  TaskFacet,
  TaskInstanceRow,
  XComFacet,
  XComRow,
} from "./contract.ts";
import { backfillReader } from "./memory-backfill-readers.ts";
import { eventReader, logReader } from "./memory-history-readers.ts";
import {
  type Access,
  byText,
  capped,
  chunkReader,
  performanceOfRun,
  readsOfRun,
  requestReader,
} from "./memory-record-readers.ts";
import { lowerBound, type Tables } from "./memory-tables.ts";

export interface Facets {
  readonly dags: DagFacet;
  readonly runs: RunFacet;
  readonly tasks: TaskFacet;
  readonly xcoms: XComFacet;
  readonly chunks: ChunkFacet;
  readonly events: EventFacet;
  readonly logs: LogFacet;
  readonly pools: PoolFacet;
  readonly settings: SettingFacet;
  readonly state: StateFacet;
  readonly requests: RequestFacet;
  readonly backfills: BackfillFacet;
}

/** The reading half of the in-memory store. Every row handed out is a copy. */
export function memoryReaders(access: Access): Facets {
  return {
    dags: dagReader(access),
    runs: runReader(access),
    tasks: taskReader(access),
    xcoms: xcomReader(access),
    events: eventReader(access),
    chunks: chunkReader(access),
    logs: logReader(access),
    pools: {
      list: async () =>
        [...access().pools].map(([pool, slots]) => ({ pool, slots })).sort((a, b) => byText(a.pool, b.pool)),
    },
    settings: { get: async (key) => access().settings.get(key) },
    state: {
      get: async (namespace, key) => access().state.get(namespace)?.get(key),
      list: async (namespace) =>
        [...(access().state.get(namespace) ?? [])]
          .map(([key, value]) => ({ key, value }))
          .sort((a, b) => byText(a.key, b.key)),
    },
    requests: requestReader(access),
    backfills: backfillReader(access),
  };
}

function dagReader(access: Access): DagFacet {
  return {
    list: async () =>
      access()
        .dags.flatMap((row) => (row === undefined ? [] : [{ ...row }]))
        .sort((a, b) => byText(a.dagId, b.dagId)),
    async get(dagId) {
      const { dags, dagNoById } = access();
      const dagNo = dagNoById.get(dagId);
      return dagNo === undefined ? undefined : copyOf(dags[dagNo]);
    },
    version: async (versionNo) => copyOf(access().versions[versionNo]?.row),
  };
}

function runReader(access: Access): RunFacet {
  return {
    get: async (runNo) => copyOf(access().runs[runNo]),
    async find(dagId, runId) {
      const { dagNoById, runNoById, runs } = access();
      const runNo = runNoById.get(`${dagNoById.get(dagId) ?? 0} ${runId}`);
      return runNo === undefined ? undefined : copyOf(runs[runNo]);
    },
    async list({ dagId, states, type, limit = 100, before = Number.POSITIVE_INFINITY }) {
      const { runs } = access();
      const found: RunRow[] = [];
      for (let runNo = Math.min(runs.length, before) - 1; runNo > 0 && found.length < capped(limit); runNo--) {
        const run = runs[runNo];
        if (
          run === undefined ||
          (dagId !== undefined && run.dagId !== dagId) ||
          (type !== undefined && run.type !== type)
        )
          continue;
        if (states === undefined || states.includes(run.state)) found.push({ ...run });
      }
      return found;
    },
    async active() {
      const { runs, activeRuns } = access();
      return [...activeRuns].sort((a, b) => a - b).flatMap((runNo) => copyOf(runs[runNo]) ?? []);
    },
    async previous({ dagNo, logicalDate, runNo, scheduledOnly, state }) {
      const { runs, runsByDate } = access();
      const numbers = runsByDate.get(dagNo) ?? [];
      for (let at = placeOf(access(), numbers, logicalDate, runNo) - 1; at >= 0; at--) {
        const run = runs[numbers[at] as number];
        if (run === undefined || (scheduledOnly && !ownsItsDate(run))) continue;
        if (state === undefined || run.state === state) return { ...run };
      }
      return undefined;
    },
    async ofDates({ dagNo, from, to, limit = 1000 }) {
      const { runs, runsByDate } = access();
      const numbers = runsByDate.get(dagNo) ?? [];
      const found: RunRow[] = [];
      for (let at = placeOf(access(), numbers, from, 0); at < numbers.length && found.length < capped(limit); at++) {
        const run = runs[numbers[at] as number];
        if (run === undefined || run.logicalDate > to) break;
        if (ownsItsDate(run)) found.push({ ...run });
      }
      return found;
    },
    expired: async (query) => expiredRuns(access().runs, query),
  };
}

function taskReader(access: Access): TaskFacet {
  const ofRun = (runNo: number): TaskInstanceRow[] => {
    const { tasks, tasksOfRun } = access();
    const rows = (tasksOfRun.get(runNo) ?? []).flatMap((no) => copyOf(tasks[no]) ?? []);
    return rows.sort(byPlace);
  };
  return {
    ofRun: async (runNo) => ofRun(runNo),
    get: async (taskInstanceNo) => copyOf(access().tasks[taskInstanceNo]),
    find: async ({ runNo, taskId, mapIndex }) =>
      ofRun(runNo).find((row) => row.taskId === taskId && row.mapIndex === mapIndex),
    async running() {
      const runNos = [...access().activeRuns].sort((a, b) => a - b);
      return runNos.flatMap((runNo) => ofRun(runNo).filter(({ state }) => state === "running"));
    },
    performanceOfRun: async (runNo) => performanceOfRun(access(), ofRun(runNo)),
  };
}

function xcomReader(access: Access): XComFacet {
  const ofTask = (taskInstanceNo: number): XComRow[] =>
    [...(access().xcoms.get(taskInstanceNo)?.values() ?? [])]
      .map((row) => ({ ...row, ...placeNow(access(), row) }))
      .sort((a, b) => byText(a.key, b.key));
  const one = (taskInstanceNo: number, key: string): XComRow | undefined => {
    const row = access().xcoms.get(taskInstanceNo)?.get(key);
    return row === undefined ? undefined : { ...row, ...placeNow(access(), row) };
  };
  return {
    get: async ({ taskInstanceNo, key }) => one(taskInstanceNo, key),
    async getMany(taskInstanceNos, key) {
      access();
      return taskInstanceNos.map((no) => one(no, key));
    },
    async ofRun(runNo) {
      const { tasks, tasksOfRun } = access();
      const rows = (tasksOfRun.get(runNo) ?? []).flatMap((no) => tasks[no] ?? []).sort(byPlace);
      return rows.flatMap((row) => ofTask(row.taskInstanceNo));
    },
    ofTask: async (taskInstanceNo) => ofTask(taskInstanceNo),
    async page({ after = { taskInstanceNo: 0, key: "" }, limit, format }) {
      const { tasks } = access();
      const most = capped(limit);
      const found: XComRow[] = [];
      for (let no = Math.max(after.taskInstanceNo, 1); no < tasks.length && found.length < most; no++) {
        for (const row of ofTask(no)) {
          const isAfter = no > after.taskInstanceNo || byText(row.key, after.key) > 0;
          if (isAfter && (format === undefined || row.format === format) && found.length < most) found.push(row);
        }
      }
      return found;
    },
    async readsOfRun(runNo) {
      const { tasks, tasksOfRun } = access();
      const readers = (tasksOfRun.get(runNo) ?? []).flatMap((no) => tasks[no] ?? []).sort(byPlace);
      return readsOfRun(access(), readers);
    },
    async prior({ dagNo, taskId, mapIndex, key, logicalDate, runNo }) {
      const { tasks, tasksOfRun, runsByDate } = access();
      const numbers = runsByDate.get(dagNo) ?? [];
      for (let at = placeOf(access(), numbers, logicalDate, runNo + 1) - 1; at >= 0; at--) {
        for (const no of tasksOfRun.get(numbers[at] as number) ?? []) {
          if (tasks[no]?.taskId !== taskId || tasks[no]?.mapIndex !== mapIndex) continue;
          const found = one(no, key);
          if (found !== undefined) return found;
        }
      }
      return undefined;
    },
  };
}

/** Map index is that of the instance as it is now: the placeholder of a mapped task becomes index 0. */
function placeNow(tables: Tables, row: XComRow): { readonly mapIndex: number } {
  return { mapIndex: tables.tasks[row.taskInstanceNo]?.mapIndex ?? row.mapIndex };
}

function expiredRuns(
  runs: Tables["runs"],
  { dagNo, endedBefore, keep, after, limit }: Parameters<RunFacet["expired"]>[0],
): readonly number[] {
  const ended = runs
    .flatMap((run) => (run?.dagNo === dagNo && run.endedAt !== null ? [{ ...run, endedAt: run.endedAt }] : []))
    .sort((a, b) => b.endedAt - a.endedAt || b.runNo - a.runNo);
  const [newest] = ended.filter(ownsItsDate).sort((a, b) => b.logicalDate - a.logicalDate);
  return ended
    .filter(({ endedAt }, place) => (endedBefore !== null && endedAt < endedBefore) || (keep !== null && place >= keep))
    .filter((run) => run !== newest && run !== ended[0])
    .filter(
      ({ endedAt, runNo }) =>
        after === undefined || endedAt > after.endedAt || (endedAt === after.endedAt && runNo > after.runNo),
    )
    .reverse()
    .slice(0, capped(limit))
    .map(({ runNo }) => runNo);
}

/** Place of the first run that is not before this date and number. */
function placeOf(tables: Tables, numbers: readonly number[], logicalDate: number, runNo: number): number {
  return lowerBound(numbers, (no) => {
    const date = tables.runs[no]?.logicalDate ?? 0;
    return date < logicalDate || (date === logicalDate && no < runNo);
  });
}

function byPlace(a: TaskInstanceRow, b: TaskInstanceRow): number {
  return a.taskNo - b.taskNo || a.mapIndex - b.mapIndex;
}

function copyOf<T extends object>(row: T | undefined): T | undefined {
  return row === undefined ? undefined : { ...row };
}
