import { s3Error } from "./errors.ts";
import { type Failure, failureOf } from "./failures.ts";
import type { S3NotDeleted, S3ObjectName, S3Port, S3UploadName } from "./port.ts";
import type { S3Requests } from "./requests.ts";

/** What S3 takes in one request. */
const mostAtOnce = 1_000;

/** How often those that a removal of many left are asked for again. */
const mostRounds = 8;

/** How many are removed at a time where each takes a request of its own. */
const singlesAtOnce = 16;

/** Reasons for which a store leaves one of many for now. */
const passing = new Set(["InternalError", "SlowDown", "ServiceUnavailable", "RequestTimeout", "OperationAborted"]);

/**
 * Removes objects and gives up unfinished uploads. What is gone already is no error.
 *
 * @throws `XCOM_S3_REMOVE_FAILED` for what is left when all has been tried, and what requests throw
 */
export async function removeAll(
  requests: S3Requests,
  names: readonly (S3ObjectName | S3UploadName)[],
  signal: AbortSignal | undefined,
): Promise<void> {
  const keys = new Map<string, Set<string>>();
  const uploads: S3UploadName[] = [];
  for (const name of names) {
    if ("uploadId" in name) uploads.push(name);
    else keys.set(name.bucket, (keys.get(name.bucket) ?? new Set()).add(name.key));
  }
  await each(uploads, (name) => removeOne(requests, name, signal, (port, call) => port.abortUpload(name, call)));
  for (const [bucket, own] of keys) await removeKeys(requests, bucket, [...own], signal);
}

async function removeKeys(
  requests: S3Requests,
  bucket: string,
  keys: readonly string[],
  signal: AbortSignal | undefined,
): Promise<void> {
  const refused: S3NotDeleted[] = [];
  for (let at = 0; at < keys.length; at += mostAtOnce)
    refused.push(...(await removeBatch(requests, bucket, keys.slice(at, at + mostAtOnce), signal)));
  if (refused.length > 0)
    throw s3Error("XCOM_S3_REMOVE_FAILED", {
      bucket,
      count: refused.length,
      total: keys.length,
      why: refused[0]?.code,
    });
}

/** Answers what the store refuses to remove, after asking again for what it left for the moment. */
async function removeBatch(
  requests: S3Requests,
  bucket: string,
  batch: readonly string[],
  signal: AbortSignal | undefined,
): Promise<readonly S3NotDeleted[]> {
  const { store } = requests;
  const refused: S3NotDeleted[] = [];
  let left = batch;
  for (let round = 1; ; round++) {
    // One is no batch: it is removed by the request that every store knows.
    if (!store.takesBulk || left.length === 1) {
      await each(left, (key) =>
        removeOne(requests, { bucket, key }, signal, (port, call) => port.deleteObject({ bucket, key }, call)),
      );
      return refused;
    }
    const keys = left;
    const remaining = await requests.ask(
      {
        operation: "remove",
        bucket,
        withChecksums: !store.wantsMd5,
        signal,
        answer: (failure) => otherWay(store, failure),
      },
      async (port, attemptSignal) =>
        store.takesBulk
          ? port.deleteObjects({ bucket, keys, withMd5: store.wantsMd5 }, { signal: attemptSignal })
          : undefined,
    );
    if (!remaining) continue;
    const there = remaining.filter(({ code }) => code !== "NoSuchKey");
    const again = round < mostRounds ? there.filter(({ code }) => passing.has(code)) : [];
    refused.push(...there.filter((one) => !again.includes(one)));
    if (again.length === 0) return refused;
    left = again.map(({ key }) => key);
    await requests.pause(round, signal);
  }
}

/** A store that refuses to remove many at a time may want another checksum, and if that does not help, one at a time. */
function otherWay(store: S3Requests["store"], { kind, name, status }: Failure): "again" | undefined {
  const isAboutForm =
    kind === "unsupported" || (status === 400 && /digest|md5|invalidrequest|checksum|missing|malformed/i.test(name));
  if (!isAboutForm || !store.takesBulk) return undefined;
  if (store.wantsMd5) store.takesBulk = false;
  else store.wantsMd5 = true;
  return "again";
}

async function removeOne(
  requests: S3Requests,
  name: S3ObjectName,
  signal: AbortSignal | undefined,
  work: (port: S3Port, call: { readonly signal: AbortSignal }) => Promise<void>,
): Promise<void> {
  const { bucket, key } = name;
  await requests.ask({ operation: "remove", bucket, key, signal }, async (port, attemptSignal) => {
    try {
      await work(port, { signal: attemptSignal });
    } catch (error) {
      const { kind } = failureOf(error, requests.clock.now());
      if (kind !== "object-missing" && kind !== "upload-missing") throw error;
    }
  });
}

/** Does the same for each, a few at a time; ends with the first error. */
async function each<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  let at = 0;
  const worker = async (): Promise<void> => {
    while (at < items.length) await work(items[at++] as T);
  };
  await Promise.all(Array.from({ length: Math.min(singlesAtOnce, items.length) }, worker));
}
