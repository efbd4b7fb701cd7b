import { constants } from "node:buffer";
import { createHash } from "node:crypto";
import { isMillraceError } from "@millrace/core/plugin";
import type { FollowedObject } from "./envelope.ts";
import { s3Error } from "./errors.ts";
import { errorOf, type Failure, failureOf } from "./failures.ts";
import { slices } from "./hashing.ts";
import type { S3Requests } from "./requests.ts";

/** How often an answer may break off without having brought a single byte. */
const mostBarrenAnswers = 5;

/**
 * An object's bytes as one. What is not what was written is fetched a second time: it may have been damaged on the way.
 *
 * @throws `XCOM_S3_MISSING`, `XCOM_S3_TRUNCATED`, `XCOM_S3_ALTERED`, `XCOM_S3_TOO_LARGE`, and what requests throw
 */
export async function download(
  requests: S3Requests,
  object: FollowedObject,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  if (object.sizeBytes > constants.MAX_LENGTH)
    throw s3Error("XCOM_S3_TOO_LARGE", { sizeBytes: object.sizeBytes, limit: constants.MAX_LENGTH });
  try {
    return await collected(requests, object, signal);
  } catch (error) {
    if (!isMillraceError(error, "XCOM_S3_ALTERED") && !isMillraceError(error, "XCOM_S3_TRUNCATED")) throw error;
    return collected(requests, object, signal);
  }
}

async function collected(
  requests: S3Requests,
  object: FollowedObject,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  let bytes: Buffer | undefined;
  let filled = 0;
  for await (const piece of downloadPieces(requests, () => object, signal)) {
    // Made only now: by now the store has said that there are so many bytes.
    bytes ??= Buffer.allocUnsafeSlow(object.sizeBytes);
    bytes.set(piece, filled);
    filled += piece.length;
  }
  return bytes ?? Buffer.alloc(0);
}

/**
 * An object's bytes as they come, checked by size and SHA-256: what is wrong is thrown at the latest after the last piece. An
 * answer that breaks off is taken up where it ended.
 *
 * @param follow - tells the object, or throws, when the first piece is asked for
 * @throws as {@link download}
 */
export async function* downloadPieces(
  requests: S3Requests,
  follow: () => FollowedObject,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  const object = follow();
  const { location, key, sizeBytes, sha256 } = object;
  const named = { bucket: location.bucket, key };
  const hash = createHash("sha256");
  let received = 0;
  for await (const piece of rawPieces(requests, object, signal)) {
    received += piece.length;
    if (received > sizeBytes) throw s3Error("XCOM_S3_ALTERED", { ...named, sizeBytes, why: "it is longer" });
    for (const slice of slices(piece)) {
      hash.update(slice);
      yield slice;
    }
  }
  if (hash.digest("hex") !== sha256)
    throw s3Error("XCOM_S3_ALTERED", { ...named, sizeBytes, why: "its SHA-256 is another one" });
}

/** The bytes without a look at their hash. Takes up what breaks off, while that gets on. */
async function* rawPieces(
  requests: S3Requests,
  { location, key, sizeBytes }: FollowedObject,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  const named = { bucket: location.bucket, key };
  let received = 0;
  let etag: string | undefined;
  for (let barren = 0; ; ) {
    const before = received;
    const ended = new AbortController();
    const answer = await requests.ask({ operation: "read", ...named, signal, answer: changed }, (port, attemptSignal) =>
      port.getObject(
        { ...named, from: received, ...(etag === undefined ? {} : { etag }) },
        { signal: AbortSignal.any([attemptSignal, ended.signal, ...(signal ? [signal] : [])]) },
      ),
    );
    etag ??= answer.etag;
    const found = received + (answer.sizeBytes ?? sizeBytes - received);
    if (found !== sizeBytes) {
      ended.abort();
      throw wrongSize(found);
    }
    let signs = 0;
    let isWaiting = true;
    // As long as the reader takes its time, it is not the store that is slow.
    const stop = requests.watch(() => (isWaiting ? signs : ++signs), ended);
    let broke: Failure | undefined;
    try {
      for await (const piece of answer.body) {
        received += piece.length;
        isWaiting = false;
        yield piece;
        isWaiting = true;
        signs++;
      }
    } catch (error) {
      signal?.throwIfAborted();
      broke = failureOf(error, requests.clock.now());
      // What reads the body and finds it wrong, as the SDK does by the store's checksum, fails in another way than a network.
      if (!broke.mayTryAgain) throw s3Error("XCOM_S3_ALTERED", { ...named, sizeBytes, why: broke.why });
    } finally {
      stop();
      ended.abort();
    }
    if (received >= sizeBytes) return;
    barren = received > before ? 0 : barren + 1;
    if (barren >= mostBarrenAnswers) {
      if (!broke) throw wrongSize(received);
      throw errorOf(undefined, broke, {
        operation: "read",
        ...named,
        attempts: barren,
        elapsedMs: 0,
        withChecksums: false,
      });
    }
    await requests.pause(barren + 1, signal);
  }

  function wrongSize(found: number): Error {
    if (found < sizeBytes) return s3Error("XCOM_S3_TRUNCATED", { ...named, sizeBytes, found });
    return s3Error("XCOM_S3_ALTERED", { ...named, sizeBytes, why: `it has ${found} bytes now` });
  }

  /** An object that became another one while it was read. */
  function changed({ kind }: Failure): undefined {
    if (kind === "range") throw wrongSize(received);
    if (kind === "exists")
      throw s3Error("XCOM_S3_ALTERED", { ...named, sizeBytes, why: "it was replaced while it was read" });
    return undefined;
  }
}
