import { coreError } from "../errors.ts";
import type { XComPut } from "../store/contract.ts";
import type { StoredXCom } from "./backend.ts";
import type { XComAddress, XComEnvelope } from "./parts.ts";
import { isRecord, isStreamEnvelope } from "./stream-part.ts";

/** What a row holds, as the backend gave it. @throws `XCOM_CORRUPT` */
export function storedOf({ format, stored }: XComPut, { key, taskId }: XComAddress): StoredXCom {
  if (format === "json") return stored;
  try {
    const envelope: unknown = JSON.parse(stored);
    if (isRecord(envelope)) return envelope;
  } catch {
    // Said below.
  }
  throw coreError("XCOM_CORRUPT", { key, taskId, sizeBytes: stored.length, why: "its envelope is not JSON" });
}

/** What a row holds of a stream. @throws `XCOM_WRONG_KIND`, `XCOM_CORRUPT` */
export function streamOf(put: XComPut, address: XComAddress): XComEnvelope {
  const stored = storedOf(put, address);
  if (typeof stored !== "string" && isStreamEnvelope(stored)) return stored;
  const { key, taskId } = address;
  throw coreError("XCOM_WRONG_KIND", { key, taskId, what: "no stream", how: "xcom.pull" });
}
