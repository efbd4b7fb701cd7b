import type { Dag } from "../../authoring/definition.ts";
import { elementsOf, tasksOfSource } from "../../authoring/map-source.ts";
import { systemClock } from "../../time/clock.ts";
import { threadMeter } from "../../time/meter.ts";
import { systemRandomness } from "../../time/random.ts";
import { backendOfTexts } from "../../xcom/backend.ts";
import { decodeValue } from "../../xcom/codec.ts";
import { evenPieces } from "../../xcom/pieces.ts";
import type { RuntimeServices } from "../context.ts";
import type { JobRun } from "../job.ts";
import type { EngineCalls } from "./engine-calls.ts";
import type { FromThread, ThreadJob } from "./thread-messages.ts";

/** Asks the engine and waits for its answer. */
export type AskEngine = <K extends keyof EngineCalls>(
  name: K,
  ...args: Parameters<EngineCalls[K]>
) => Promise<Awaited<ReturnType<EngineCalls[K]>>>;

/** What needs no answer. */
type Told = Extract<FromThread, { readonly kind: "line" | "metric" }>;

/** The engine as an attempt in a thread sees it. */
export function threadServices(job: ThreadJob, ask: AskEngine, tell: (message: Told) => void): RuntimeServices {
  const beganUs = threadMeter.nowUs();
  const now = (): number => Math.round(job.now + (threadMeter.nowUs() - beganUs) / 1_000);
  return {
    store: {
      runs: { get: (runNo) => ask("runs.get", runNo), find: (dagId, runId) => ask("runs.find", dagId, runId) },
      tasks: { ofRun: (runNo) => ask("tasks.ofRun", runNo), find: (query) => ask("tasks.find", query) },
      xcoms: {
        get: (ref) => ask("xcoms.get", ref),
        getMany: (taskInstanceNos, key) => ask("xcoms.getMany", taskInstanceNos, key),
        ofRun: (runNo) => ask("xcoms.ofRun", runNo),
        prior: (query) => ask("xcoms.prior", query),
      },
      state: { get: (namespace, key) => ask("state.get", namespace, key) },
    },
    write: (change) => ask("write", change),
    backend: backendOfTexts({
      isPlain: job.isPlain,
      parts: [],
      readers: [],
      serializeText: (text, address, call) => ask("serializeText", text, address, { recordCount: call?.recordCount }),
      deserializeText: async (stored, address, call) =>
        job.isPlain && typeof stored === "string"
          ? stored
          : ask("deserializeText", stored, address, { sizeBytes: call?.sizeBytes }),
      async serializeStream(source, address) {
        const no = await ask("stream.write", address);
        try {
          for await (const piece of evenPieces(source)) await ask("stream.piece", no, piece);
        } catch (error) {
          await ask("stream.drop", no);
          throw error;
        }
        return ask("stream.end", no);
      },
      async *deserializeStream(stored, address) {
        const no = await ask("stream.read", stored, address);
        try {
          for (let piece = await ask("stream.next", no); piece; piece = await ask("stream.next", no)) yield piece;
        } finally {
          await ask("stream.stop", no);
        }
      },
      // Not a task's.
      isStale: async () => false,
      renew: async () => undefined,
      purge: async () => undefined,
    }),
    // The engine knows where streams stay.
    chunksOf: () => undefined,
    maxValueBytes: job.maxValueBytes,
    now,
    randomHex: () => systemRandomness.hex(4),
    logs: { write: (_, line) => tell({ kind: "line", line }) },
    record: (_dagId, _taskId, sample) => tell({ kind: "metric", sample }),
    secrets: { secret: (name) => ask("secret", name), connection: (name) => ask("connection", name) },
    access: { clock: { now, sleep: systemClock.sleep }, trigger: (request) => ask("trigger", request) },
  };
}

/** The attempt's run as a task in a thread sees it. */
export function threadRun(job: ThreadJob, dag: Dag, ask: AskEngine): JobRun {
  return {
    ...job.run,
    dag,
    params: job.params === undefined ? undefined : decodeValue(job.params),
    conf: decodeValue(job.conf) as JobRun["conf"],
    prepare: () => undefined,
    instancesOf: (taskNo) => ask("instancesOf", taskNo),
    isMapped: (taskNo) => dag.tasks[taskNo].map !== undefined,
    taskNoOf: (taskId) => {
      const taskNo = dag.tasks.findIndex(({ id }) => id === taskId);
      return taskNo < 0 ? undefined : taskNo;
    },
    longestResultOf: () => job.longestResult,
    async elementOf(taskNo, mapIndex) {
      const { map, id } = dag.tasks[taskNo];
      // What an author wrote out may hold functions, which no message can carry; it is here all the same.
      if (map && tasksOfSource(map.over).length === 0) return elementsOf(map.over, () => undefined, id)[mapIndex];
      return decodeValue(await ask("element"));
    },
  };
}
