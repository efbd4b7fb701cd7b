import { coreError, shown } from "../../errors.ts";
import type { Change, Outcome } from "../../store/contract.ts";
import { encodeValue } from "../../xcom/codec.ts";
import type { XComAddress, XComEnvelope } from "../../xcom/parts.ts";
import type { RuntimeServices } from "../context.ts";
import type { Job } from "../job.ts";
import type { ThreadStreams } from "./thread-streams.ts";

/** Changes that a task makes itself; everything else goes with its outcome. */
const own: readonly Change["kind"][] = ["putState"];

/**
 * What an attempt in a thread may ask of the engine, by name: exactly what an attempt beside the engine uses of it.
 * Arguments and answers are plain data. Parts of XCom backends work here, so that their keys never reach a thread.
 */
export function engineCalls(services: RuntimeServices, { run, taskNo, mapIndex }: Job, streams: ThreadStreams) {
  const { store, backend, access, secrets } = services;
  return {
    "runs.get": store.runs.get,
    "runs.find": store.runs.find,
    "tasks.ofRun": store.tasks.ofRun,
    "tasks.find": store.tasks.find,
    "xcoms.get": store.xcoms.get,
    "xcoms.getMany": store.xcoms.getMany,
    "xcoms.ofRun": store.xcoms.ofRun,
    "xcoms.prior": store.xcoms.prior,
    "state.get": store.state.get,
    write: async (change: Change): Promise<Outcome> => {
      if (!own.includes(change.kind)) throw coreError("THREAD_CALL_REFUSED", { name: shown(change.kind) });
      return services.write(change);
    },
    serializeText: backend.serializeText,
    deserializeText: backend.deserializeText,
    "stream.write": async (address: XComAddress) => streams.write(address),
    "stream.piece": (no: number, bytes: Uint8Array) => streams.piece(no, bytes),
    "stream.end": (no: number) => streams.end(no),
    "stream.drop": (no: number) => streams.drop(no),
    "stream.read": async (stored: XComEnvelope, address: XComAddress) => streams.read(stored, address),
    "stream.next": (no: number) => streams.next(no),
    "stream.stop": (no: number) => streams.stop(no),
    instancesOf: async (task: number) => run.instancesOf(task),
    /** The element as text. */
    element: async () => encodeValue(await run.elementOf(taskNo, mapIndex)),
    trigger: access.trigger,
    secret: (name: string) => secrets.secret(name),
    connection: (name: string) => secrets.connection(name),
  };
}

export type EngineCalls = ReturnType<typeof engineCalls>;
