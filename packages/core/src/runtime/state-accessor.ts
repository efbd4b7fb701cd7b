import { Buffer } from "node:buffer";
import type { StateAccessor } from "../authoring/context.ts";
import { isPlainText } from "../authoring/identifiers.ts";
import { coreError, shown } from "../errors.ts";
import type { Change, Outcome } from "../store/contract.ts";
import type { PatientReads } from "../store/patient-reads.ts";
import { decodeValue, encodeValue } from "../xcom/codec.ts";

interface StateServices {
  readonly store: Pick<PatientReads, "state">;
  write(change: Change): Promise<Outcome>;
  now(): number;
}

const longestKey = 500;
const mostBytes = 1_048_576;

/** Where the state of a task instance is kept. */
export function taskStateNamespace(of: {
  readonly dagId: string;
  readonly runId: string;
  readonly taskId: string;
  readonly mapIndex: number;
}): string {
  return `task/${of.dagId}/${of.runId}/${of.taskId}/${of.mapIndex}`;
}

/** A durable key-value in one namespace of the store's `state` facet. */
export function stateAccessor(services: StateServices, namespace: string): StateAccessor {
  const { store, write, now } = services;
  const put = async (key: string, value: string | null, expected?: string | null): Promise<boolean> => {
    const sizeBytes = Buffer.byteLength(value ?? "");
    if (sizeBytes > mostBytes) throw coreError("STATE_TOO_LARGE", { key: shown(key), sizeBytes, limit: mostBytes });
    const outcome = await write({ kind: "putState", namespace, key: checkKey(key), value, expected, at: now() });
    return outcome.status === "done";
  };
  return {
    async get(key) {
      const text = await store.state.get(namespace, checkKey(key));
      return text === undefined ? undefined : decodeValue(text);
    },
    async set(key, value) {
      await put(key, encodeValue(value));
    },
    async delete(key) {
      await put(key, null);
    },
    compareAndSet: (key, expected, value) =>
      put(key, encodeValue(value), expected === undefined ? null : encodeValue(expected)),
  };
}

function checkKey(key: string): string {
  if (isPlainText(key, longestKey)) return key;
  throw coreError("STATE_KEY_INVALID", { key: shown(key) });
}
