import { isDeepStrictEqual } from "node:util";
import {
  isMillraceError,
  messageOf,
  type StoredXCom,
  type XComAddress,
  type XComBackend,
  type XComEnvelope,
  type XComPlace,
} from "@millrace/core/plugin";
import type { Core } from "../session.ts";
import type { Check, Finding } from "./finding.ts";

/** Large and varied enough that parts with a threshold take it. */
const sample = {
  text: "millrace ".repeat(1_000),
  list: Array.from({ length: 500 }, (_, at) => at * at),
  when: new Date(0),
  big: 2n ** 70n,
};
const streamPiece = Buffer.from("0123456789abcdef".repeat(4_096));
const streamPieces = 5;

/** The XCom backend: its parts are ready, and what is put comes back and can be removed, a value and a stream. */
export const xcomCheck: Check = {
  name: "xcom",
  async look(session) {
    const core = await session.core();
    const { backend, parts } = await core.resolveXComBackend(await session.config());
    const name = parts.length === 0 ? "JSON in the store" : parts.map((part) => part.name).join(" → ");
    try {
      const ready = await readiness(core, backend);
      if (ready.some(({ level }) => level === "bad")) return ready;
      return [...ready, ...(await roundTrips(backend, name))];
    } finally {
      await core.closeXComParts(backend.parts);
    }
  },
};

/** Each part by itself, so that one which is not ready hides none of the others. */
async function readiness(core: Core, { parts, readers }: XComBackend): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const part of parts) {
    try {
      for (const { message } of await core.openXComParts([part], { readers }))
        findings.push({ check: "xcom", level: "warning", says: `XCom part '${part.name}': ${message}` });
    } catch (error) {
      findings.push(failure(`XCom part '${part.name}' is not ready`, error));
    }
  }
  return findings;
}

async function roundTrips(backend: XComBackend, name: string): Promise<readonly Finding[]> {
  const value = await roundTrip(backend, name, "a value", {
    write: (call) => backend.serialize(sample, addressOf("value"), call),
    isSame: async (stored, call) =>
      isDeepStrictEqual(await backend.deserialize(stored, addressOf("value"), call), sample),
  });
  const stream = await roundTrip(backend, name, "a stream", {
    write: async (call) => (await backend.serializeStream(pieces(), addressOf("stream"), call)).stored,
    isSame: async (stored, call) => {
      const read: Uint8Array[] = [];
      for await (const piece of backend.deserializeStream(stored as XComEnvelope, addressOf("stream"), call))
        read.push(piece);
      return Buffer.concat(read).equals(Buffer.concat(Array.from({ length: streamPieces }, () => streamPiece)));
    },
  });
  if (value === undefined && stream === undefined)
    return [
      { check: "xcom", level: "good", says: `XCom backend (${name}): put, get and delete work, of values and streams` },
    ];
  return [value, stream].filter((finding) => finding !== undefined);
}

type Call = NonNullable<Parameters<XComBackend["serialize"]>[2]>;

/** Puts, gets and deletes; gives what is wrong with it. */
async function roundTrip(
  backend: XComBackend,
  name: string,
  what: "a value" | "a stream",
  trip: { write(call: Call): Promise<StoredXCom>; isSame(stored: StoredXCom, call: Call): Promise<boolean> },
): Promise<Finding | undefined> {
  let failed: { readonly part: string; readonly operation: "write" | "read" | "remove" } | undefined;
  const call: Call = {
    chunks: memoryChunks(),
    onOperation: (operation) => {
      if (operation.outcome === "failed") failed ??= operation;
    },
  };
  const bad = (says: string): Finding => ({
    check: "xcom",
    level: "bad",
    says: `XCom backend (${name}): ${says}`,
    cure: "Check the parts of xcom.backend; do not run DAGs with it.",
  });
  let stored: StoredXCom | undefined;
  let isPurged = false;
  try {
    stored = await trip.write(call);
    if (!(await trip.isSame(stored, call))) return bad(`${what} came back altered`);
    isPurged = true;
    await backend.purge(stored, addressOf("purge"), call);
    const place = placeOf(backend, stored);
    if (place && (await canBeRead(() => trip.isSame(stored as StoredXCom, call))))
      return bad(`'${place.name}' still has ${what} after it was deleted`);
    return undefined;
  } catch (error) {
    if (isMillraceError(error, "XCOM_STREAM_UNSUPPORTED"))
      return { check: "xcom", level: "warning", says: error.message, cure: error.cure };
    const did = failed && (placeNames[failed.operation] ?? failed.operation);
    return failure(
      failed ? `XCom part '${failed.part}' could not ${did} ${what}` : `XCom backend (${name}) failed with ${what}`,
      error,
    );
  } finally {
    if (stored !== undefined && !isPurged) await backend.purge(stored, addressOf("purge"), call).catch(() => undefined);
  }
}

/** What people call what parts do. */
const placeNames = { write: "put", read: "get", remove: "delete" } as const;

function failure(says: string, error: unknown): Finding {
  const cure = isMillraceError(error) ? error.cure : undefined;
  return { check: "xcom", level: "bad", says: `${says}: ${messageOf(error)}`, ...(cure !== undefined && { cure }) };
}

async function canBeRead(read: () => Promise<boolean>): Promise<boolean> {
  try {
    return await read();
  } catch {
    return false;
  }
}

function placeOf({ parts }: XComBackend, stored: StoredXCom): XComPlace | undefined {
  if (typeof stored === "string") return undefined;
  return parts.find((part): part is XComPlace => part.kind === "place" && stored[part.marker] === true);
}

async function* pieces(): AsyncGenerator<Uint8Array> {
  for (let count = 0; count < streamPieces; count++) yield streamPiece;
}

function addressOf(key: string): XComAddress {
  return { dagId: "millrace_doctor", runId: "doctor", taskId: "round_trip", mapIndex: -1, key };
}

/** In place of the store, which is not written to. */
function memoryChunks(): XComPlace {
  let kept: Uint8Array[] = [];
  return {
    kind: "place",
    name: "store",
    marker: "_xcom_doctor",
    put: async () => undefined,
    get: async () => Buffer.concat(kept),
    async putStream(source) {
      for await (const piece of source) kept.push(piece);
      return { _xcom_doctor: true };
    },
    async *getStream() {
      yield* kept;
    },
    refOf: () => "doctor",
    async remove() {
      kept = [];
    },
  };
}
