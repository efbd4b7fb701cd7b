import { isMillraceError } from "@millrace/core/plugin";
import { s3Error } from "./errors.ts";
import type { Failure } from "./failures.ts";
import type { PartBody } from "./part-bodies.ts";
import type { S3ObjectName, S3PartReceipt, S3UploadName } from "./port.ts";
import type { S3Requests } from "./requests.ts";

/** How long is tried to clean up after something that failed; what is left then is found by the collector. */
const cleaningMs = 10_000;

/** An object that is being written. */
export interface Written {
  readonly etag?: string;
  readonly sizeBytes: number;
}

/**
 * Writes parts as one object: one request for one part, an upload in parts for more. Either there is the whole object
 * afterwards, or an error and nothing.
 *
 * @param cut - makes the parts, and no more of them once its signal is aborted
 */
export async function upload(
  requests: S3Requests,
  name: S3ObjectName,
  metadata: Readonly<Record<string, string>>,
  cut: (signal: AbortSignal) => AsyncGenerator<PartBody, undefined>,
  outer: AbortSignal | undefined,
): Promise<Written> {
  const failed = new AbortController();
  const signal = outer ? AbortSignal.any([outer, failed.signal]) : failed.signal;
  const parts = cut(signal);
  try {
    const first = await parts.next();
    if (first.done) return { sizeBytes: 0 };
    if (first.value.isLast) return await putWhole(requests, name, metadata, first.value, signal);
    return await putParts(requests, name, metadata, first.value, parts, failed, signal);
  } finally {
    await parts.return(undefined);
  }
}

async function putWhole(
  requests: S3Requests,
  name: S3ObjectName,
  metadata: Readonly<Record<string, string>>,
  body: PartBody,
  signal: AbortSignal,
): Promise<Written> {
  const sizeBytes = body.bytes.length;
  let found: Written | undefined;
  try {
    const asked = { operation: "write", ...name, sizeBytes, withChecksums: true, signal };
    const answer = (failure: Failure, attempt: number): Promise<"again" | undefined> | "again" | undefined => {
      if (refusesConditions(requests, failure)) return "again";
      return failure.kind === "exists" ? ours(attempt) : undefined;
    };
    // An attempt that seemed to fail may have been carried out: then the object that is there is ours.
    const ours = async (attempt: number): Promise<"again" | undefined> => {
      if (attempt > 1) found = await look(requests, name, sizeBytes, signal);
      if (found) return "again";
      throw s3Error("XCOM_S3_NAME_TAKEN", { bucket: name.bucket, key: name.key });
    };
    return await requests.ask({ ...asked, answer }, async (port, attemptSignal) => {
      if (found) return found;
      const ifNew = requests.store.takesConditions;
      const { etag } = await port.putObject({ ...name, body, metadata, ifNew }, { signal: attemptSignal });
      return { sizeBytes, ...(etag === undefined ? {} : { etag }) };
    });
  } catch (error) {
    if (mayHaveHappened(error)) await remove(requests, name);
    throw error;
  } finally {
    body.release();
  }
}

async function putParts(
  requests: S3Requests,
  name: S3ObjectName,
  metadata: Readonly<Record<string, string>>,
  first: PartBody,
  rest: AsyncGenerator<PartBody, undefined>,
  failed: AbortController,
  signal: AbortSignal,
): Promise<Written> {
  const asked = { operation: "write", ...name, withChecksums: true, signal };
  let beginnings = 0;
  const begun = requests.ask(asked, (port, attemptSignal, attempt) => {
    beginnings = attempt;
    return port.createUpload({ ...name, metadata }, { signal: attemptSignal });
  });
  const { uploadId } = await begun.catch(async (error: unknown) => {
    if (mayHaveHappened(error)) await abandonStrays(requests, name);
    throw error;
  });
  const uploadName = { ...name, uploadId };
  const receipts: S3PartReceipt[] = [];
  const sending: Promise<void>[] = [];
  let sizeBytes = 0;
  const send = async (part: PartBody): Promise<void> => {
    const partSize = part.bytes.length;
    try {
      const receipt = await requests.ask({ ...asked, sizeBytes: partSize }, (port, attemptSignal) =>
        port.uploadPart({ ...uploadName, number: part.number, body: part }, { signal: attemptSignal }),
      );
      receipts.push(receipt);
      sizeBytes += partSize;
    } catch (error) {
      // The first failure ends the others and is the one that is told.
      failed.abort(error);
      throw error;
    } finally {
      part.release();
    }
  };
  try {
    for (let part: PartBody | undefined = first; part; part = (await rest.next()).value) {
      const sent = send(part);
      sent.catch(() => undefined);
      sending.push(sent);
    }
    await Promise.all(sending);
    receipts.sort((a, b) => a.number - b.number);
    return await complete(requests, uploadName, receipts, sizeBytes, signal);
  } catch (error) {
    failed.abort(error);
    await Promise.allSettled(sending);
    await abandon(requests, uploadName, mayHaveHappened(error));
    throw error;
  } finally {
    if (beginnings > 1) await abandonStrays(requests, name);
  }
}

async function complete(
  requests: S3Requests,
  name: S3UploadName,
  parts: readonly S3PartReceipt[],
  sizeBytes: number,
  signal: AbortSignal,
): Promise<Written> {
  const { bucket, key } = name;
  let found: Written | undefined;
  const answer = (failure: Failure, attempt: number): Promise<"again" | undefined> | "again" | undefined => {
    if (refusesConditions(requests, failure)) return "again";
    return (failure.kind === "exists" || failure.kind === "upload-missing") && attempt > 1 ? ours() : undefined;
  };
  const ours = async (): Promise<"again" | undefined> => {
    found = await look(requests, { bucket, key }, sizeBytes, signal);
    return found && "again";
  };
  return requests.ask({ operation: "write", bucket, key, signal, answer }, async (port, attemptSignal) => {
    if (found) return found;
    const ifNew = requests.store.takesConditions;
    const { etag } = await port.completeUpload({ ...name, parts, ifNew }, { signal: attemptSignal });
    return { sizeBytes, ...(etag === undefined ? {} : { etag }) };
  });
}

/**
 * True once, when a store does not know conditional writes: they are left out from now on. Names are drawn anew for each
 * object, so that the condition is a second safety.
 */
function refusesConditions({ store }: S3Requests, { kind }: Failure): boolean {
  if (kind !== "unsupported" || !store.takesConditions) return false;
  store.takesConditions = false;
  return true;
}

/** The object under a name that only this write has, if it is there as a whole. */
async function look(
  requests: S3Requests,
  name: S3ObjectName,
  sizeBytes: number,
  signal: AbortSignal,
): Promise<Written | undefined> {
  try {
    const asked = { operation: "look at", ...name, signal };
    const head = await requests.ask(asked, (port, attemptSignal) => port.headObject(name, { signal: attemptSignal }));
    if (head.sizeBytes !== sizeBytes) return undefined;
    return { sizeBytes, ...(head.etag === undefined ? {} : { etag: head.etag }) };
  } catch (error) {
    if (isMillraceError(error, "XCOM_S3_MISSING")) return undefined;
    throw error;
  }
}

/** True for failures after which nobody knows whether the store did what it was asked. */
function mayHaveHappened(error: unknown): boolean {
  if (!isMillraceError(error)) return true;
  return ["XCOM_S3_TIMEOUT", "XCOM_S3_UNREACHABLE", "XCOM_S3_UNAVAILABLE"].includes(error.code);
}

/** Gives up an upload with all of its parts; if its end may have come through, also the object. */
async function abandon(requests: S3Requests, name: S3UploadName, isPerhapsThere: boolean): Promise<void> {
  const { bucket, key } = name;
  await requests
    .ask({ operation: "remove", bucket, key, deadlineMs: cleaningMs }, (port, signal) =>
      port.abortUpload(name, { signal }),
    )
    .catch(() => undefined);
  if (isPerhapsThere) await remove(requests, { bucket, key });
}

/** Gives up what was begun under this name by attempts whose answer was lost; nobody else has the name. */
async function abandonStrays(requests: S3Requests, { bucket, key }: S3ObjectName): Promise<void> {
  const asked = { operation: "list", bucket, key, deadlineMs: cleaningMs };
  const page = await requests
    .ask(asked, (port, signal) => port.listUploads({ bucket, prefix: key }, { signal }))
    .catch(() => undefined);
  for (const { key: found, uploadId } of page?.items ?? [])
    if (found === key) await abandon(requests, { bucket, key, uploadId }, false);
}

async function remove(requests: S3Requests, name: S3ObjectName): Promise<void> {
  await requests
    .ask({ operation: "remove", ...name, deadlineMs: cleaningMs }, (port, signal) =>
      port.deleteObject(name, { signal }),
    )
    .catch(() => undefined);
}
