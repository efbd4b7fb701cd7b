import { createHash, type Hash } from "node:crypto";
import {
  systemClock,
  systemRandomness,
  type XComAddress,
  type XComCall,
  type XComEnvelope,
  type XComPlace,
} from "@millrace/core/plugin";
import { download, downloadPieces } from "./download.ts";
import { envelopeOf, followed, marker } from "./envelope.ts";
import { addressNoteName, listAll } from "./listing.ts";
import { keyAt, nameOfRef, refOfName } from "./locations.ts";
import { addressFolder, addressNote, objectName, scopeFolder } from "./object-key.ts";
import { isThisMachine, type S3Options, settingsOf } from "./options.ts";
import { cutParts, filledParts, type PartBody, PartRoom } from "./part-bodies.ts";
import { planParts } from "./part-plan.ts";
import { removeAll } from "./removal.ts";
import { S3Requests } from "./requests.ts";
import { upload } from "./upload.ts";

/**
 * Keeps values in a bucket of S3, or of a store that speaks its protocol. Values of `thresholdBytes` or less stay in the
 * metadata store.
 *
 * Each value is an object of its own, which is written whole or not at all and never replaced. It is checked by size and
 * SHA-256 when it is read. Credentials are those that the AWS SDK finds (environment, profile, role); the SDK is loaded by the
 * first request.
 *
 * @throws `XCOM_S3_OPTION_INVALID`, `XCOM_S3_INSECURE`
 * @example
 * ```ts
 * import { xcomBackend } from "@millrace/core/plugin";
 * import { s3 } from "@millrace/xcom-s3";
 *
 * const place = s3({ bucket: "company-workflows", prefix: "millrace/production", region: "eu-central-1" });
 * const backend = xcomBackend([place]);
 * const address = { dagId: "sales", runId: "r1", taskId: "extract", mapIndex: -1, key: "return_value" };
 * console.log(await backend.serialize({ rows: 3 }, address)); // {"rows":3}: too small to leave the store
 * ```
 */
export function s3(options: S3Options): XComPlace {
  const settings = settingsOf(options);
  const { clock = systemClock, randomness = systemRandomness, client } = options;
  const requests = new S3Requests(settings, clock, randomness, async () => {
    if (client) return client;
    const { sdkPort } = await import("./sdk-port.ts");
    return sdkPort(settings);
  });
  const { locations, partSizeBytes, queueSize, thresholdBytes } = settings;
  const own = { bucket: settings.bucket, prefix: settings.prefix };

  /** Writes parts under a new name and tells of it. */
  const write = async (
    address: XComAddress,
    call: XComCall,
    cut: (whole: Hash, room: PartRoom, signal: AbortSignal) => AsyncGenerator<PartBody, undefined>,
  ): Promise<XComEnvelope> => {
    const createdAt = clock.now();
    const path = addressFolder(address) + objectName(createdAt, randomness.hex(16));
    const note = addressNote(address);
    const whole = createHash("sha256");
    const room = new PartRoom(partSizeBytes * queueSize);
    const name = { bucket: own.bucket, key: keyAt(own, path) };
    const metadata: Record<string, string> = note === undefined ? {} : { [addressNoteName]: note };
    const { etag, sizeBytes } = await upload(
      requests,
      name,
      metadata,
      (signal) => cut(whole, room, signal),
      call.signal,
    );
    return envelopeOf({
      location: own,
      path,
      sizeBytes,
      sha256: whole.digest("hex"),
      createdAt,
      ...(call.recordCount === undefined ? {} : { recordCount: call.recordCount }),
      ...(etag === undefined ? {} : { etag }),
    });
  };

  return {
    kind: "place",
    name: "s3",
    marker,

    async put(bytes, address, _inner, call = {}) {
      if (bytes.length <= thresholdBytes) return undefined;
      const plan = planParts(partSizeBytes, bytes.length);
      return write(address, call, (whole, room, signal) => cutParts(bytes, plan, room, whole, signal));
    },

    async putStream(source, address, call = {}) {
      const sizeBytes = source.isWhole ? source.head.length : source.sizeBytes;
      if (sizeBytes !== undefined && sizeBytes <= thresholdBytes) return undefined;
      const plan = planParts(partSizeBytes, sizeBytes);
      return write(address, call, (whole, room, signal) => filledParts(source, plan, room, whole, sizeBytes, signal));
    },

    async get(envelope, address, call) {
      return download(requests, followed(envelope, locations, address), call?.signal);
    },

    getStream(envelope, address, call) {
      return downloadPieces(requests, () => followed(envelope, locations, address), call?.signal);
    },

    refOf(envelope) {
      const { location, key } = followed(envelope, locations);
      return refOfName({ bucket: location.bucket, key });
    },

    async remove(refs, call) {
      await removeAll(
        requests,
        refs.map((ref) => nameOfRef(ref, locations)),
        call?.signal,
      );
    },

    list(scope = {}, call) {
      return listAll(requests, own, scopeFolder(scope), call?.signal);
    },

    async open() {
      const asked = { operation: "look at", bucket: own.bucket, deadlineMs: Math.min(settings.deadlineMs, 20_000) };
      const { region } = await requests.ask(asked, (port, signal) => port.headBucket(own.bucket, { signal }));
      return warningsOf(settings, region);
    },

    close: () => requests.close(),
  };
}

/** What a person should know of settings that work. */
function warningsOf(
  { region, endpoint, bucket }: ReturnType<typeof settingsOf>,
  found: string | undefined,
): readonly string[] {
  const warnings: string[] = [];
  if (endpoint === undefined && region !== undefined && found !== undefined && found !== region)
    warnings.push(
      `Bucket '${bucket}' is in ${found} and not in ${region}: set region to ${found}, so that nothing takes a detour.`,
    );
  if (endpoint?.startsWith("http:") === true && !isThisMachine(new URL(endpoint).hostname))
    warnings.push(`Values travel to ${endpoint} in the clear, because allowInsecure is set.`);
  return warnings;
}
