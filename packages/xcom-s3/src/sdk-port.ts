import { createHash } from "node:crypto";
import type { Readable } from "node:stream";
import type { S3Client, S3ClientConfig } from "@aws-sdk/client-s3";
import { s3Error } from "./errors.ts";
import { crc32Of } from "./hashing.ts";
import { refuseInsecure, type S3Settings } from "./options.ts";
import type { S3Body, S3Page, S3Port, S3PortCall } from "./port.ts";

/** An HTTP request as the SDK's middleware sees it. */
interface SdkRequest {
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number;
  readonly headers: Record<string, string>;
  readonly body?: unknown;
}

/** What a request sends beside what its command says. */
interface Headers {
  /** Hash of the body that the signature covers; spares the SDK from hashing it in one go. */
  readonly bodySha256?: string;
  /** Content-MD5 in place of the SDK's checksums. */
  readonly withMd5?: boolean;
}

const quiet = { trace() {}, debug() {}, info() {}, warn() {}, error() {} };

/**
 * The AWS SDK, made when it is first needed. Without the SDK's own retries, because they know neither our clock nor our
 * deadline; without its redirects, because they change a client that others are using.
 */
export async function sdkPort(settings: S3Settings): Promise<S3Port> {
  const sdk = await import("@aws-sdk/client-s3");
  const { forcePathStyle, endpoint, checksums, sse, kmsKeyId } = settings;
  const withChecksums = checksums === "supported";
  /** By region; the first one is that of the settings. */
  const clients = new Map<string | undefined, S3Client>();
  /** Buckets that turned out to be elsewhere. */
  const regions = new Map<string, string>();

  const clientOf = (region: string | undefined): S3Client => {
    const known = clients.get(region);
    if (known) return known;
    const config: S3ClientConfig = {
      forcePathStyle,
      maxAttempts: 1,
      followRegionRedirects: false,
      // Waiting for the store's leave costs a round trip and a new connection for each large request.
      expectContinueHeader: false,
      requestChecksumCalculation: withChecksums ? "WHEN_SUPPORTED" : "WHEN_REQUIRED",
      responseChecksumValidation: withChecksums ? "WHEN_SUPPORTED" : "WHEN_REQUIRED",
      requestHandler: { connectionTimeout: 10_000, logger: quiet },
      logger: quiet,
      ...(region === undefined ? {} : { region }),
      ...(endpoint === undefined ? {} : { endpoint }),
    };
    const client = new sdk.S3Client(config);
    // The SDK also takes endpoints from environment and profile, so that what it really asks is looked at.
    if (!settings.allowInsecure)
      client.middlewareStack.add(
        (next) => (args) => {
          const { protocol, hostname } = args.request as SdkRequest;
          refuseInsecure(protocol, hostname);
          return next(args);
        },
        { step: "build", name: "millraceEncryptedTransport" },
      );
    clients.set(region, client);
    return client;
  };

  /** Sends a command, in the region of its bucket once that is known. */
  const inRegion = async <T>(bucket: string, send: (client: S3Client) => Promise<T>): Promise<T> => {
    const region = regions.get(bucket) ?? settings.region;
    try {
      return await send(clientOf(region));
    } catch (error) {
      const actual = regionToldBy(error);
      if (actual === undefined || actual === region) throw error;
      regions.set(bucket, actual);
      return send(clientOf(actual));
    }
  };

  if (settings.region === undefined)
    await clientOf(undefined)
      .config.region()
      .catch((cause: unknown) => {
        const why = "none is set, and the AWS SDK finds none in environment and profile";
        throw s3Error("XCOM_S3_OPTION_INVALID", { option: "region", why }, { cause });
      });

  const encryption = {
    ...(sse === "none" ? {} : { ServerSideEncryption: sse }),
    ...(kmsKeyId === undefined ? {} : { SSEKMSKeyId: kmsKeyId }),
  };
  const checksumOf = async ({ bytes }: S3Body): Promise<{ readonly ChecksumCRC32?: string }> =>
    withChecksums ? { ChecksumCRC32: await crc32Of(bytes) } : {};

  return {
    async headBucket(bucket, { signal }) {
      const command = new sdk.HeadBucketCommand({ Bucket: bucket });
      const answer = await inRegion(bucket, (client) => client.send(command, { abortSignal: signal }));
      return answer.BucketRegion === undefined ? {} : { region: answer.BucketRegion };
    },

    async putObject({ bucket, key, body, metadata, ifNew }, { signal }) {
      const command = new sdk.PutObjectCommand({
        Bucket: bucket,
        Key: key,
        Body: body.bytes,
        ContentLength: body.bytes.length,
        ContentType: "application/octet-stream",
        Metadata: { ...metadata },
        ...(ifNew ? { IfNoneMatch: "*" } : {}),
        ...encryption,
        ...(await checksumOf(body)),
      });
      withHeaders(command, { bodySha256: body.sha256 });
      const answer = await inRegion(bucket, (client) => client.send(command, { abortSignal: signal }));
      return etagOf(answer);
    },

    async getObject({ bucket, key, from, etag }, { signal }) {
      const command = new sdk.GetObjectCommand({
        Bucket: bucket,
        Key: key,
        ...(from === 0 ? {} : { Range: `bytes=${from}-` }),
        ...(etag === undefined ? {} : { IfMatch: `"${etag}"` }),
      });
      const answer = await inRegion(bucket, (client) => client.send(command, { abortSignal: signal }));
      const sizeBytes = answer.ContentLength;
      return {
        body: abortable(answer.Body as Readable, signal),
        ...(sizeBytes === undefined ? {} : { sizeBytes }),
        ...etagOf(answer),
      };
    },

    async headObject({ bucket, key }, { signal }) {
      const command = new sdk.HeadObjectCommand({ Bucket: bucket, Key: key });
      const answer = await inRegion(bucket, (client) => client.send(command, { abortSignal: signal }));
      return { sizeBytes: answer.ContentLength ?? 0, metadata: answer.Metadata ?? {}, ...etagOf(answer) };
    },

    async deleteObject({ bucket, key }, { signal }) {
      const command = new sdk.DeleteObjectCommand({ Bucket: bucket, Key: key });
      await inRegion(bucket, (client) => client.send(command, { abortSignal: signal }));
    },

    async deleteObjects({ bucket, keys, withMd5 }, { signal }) {
      const Objects = keys.map((Key) => ({ Key }));
      const command = new sdk.DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects, Quiet: true } });
      withHeaders(command, { withMd5 });
      const answer = await inRegion(bucket, (client) => client.send(command, { abortSignal: signal }));
      return (answer.Errors ?? []).map(({ Key = "", Code = "Unknown" }) => ({ key: Key, code: Code }));
    },

    async listObjects({ bucket, prefix, after }, { signal }) {
      const command = new sdk.ListObjectsV2Command({
        Bucket: bucket,
        Prefix: prefix,
        ...(after === undefined ? {} : { ContinuationToken: after }),
      });
      const answer = await inRegion(bucket, (client) => client.send(command, { abortSignal: signal }));
      const items = (answer.Contents ?? []).map(({ Key = "", Size = 0, LastModified }) => ({
        key: Key,
        sizeBytes: Size,
        modifiedAt: LastModified?.getTime() ?? Number.NaN,
      }));
      return pageOf(items, answer.IsTruncated === true ? answer.NextContinuationToken : undefined);
    },

    async createUpload({ bucket, key, metadata }, { signal }) {
      const command = new sdk.CreateMultipartUploadCommand({
        Bucket: bucket,
        Key: key,
        ContentType: "application/octet-stream",
        Metadata: { ...metadata },
        ...(withChecksums ? { ChecksumAlgorithm: "CRC32" } : {}),
        ...encryption,
      });
      const { UploadId } = await inRegion(bucket, (client) => client.send(command, { abortSignal: signal }));
      return { uploadId: UploadId ?? "" };
    },

    async uploadPart({ bucket, key, uploadId, number, body }, { signal }) {
      const checksum = await checksumOf(body);
      const command = new sdk.UploadPartCommand({
        Bucket: bucket,
        Key: key,
        UploadId: uploadId,
        PartNumber: number,
        Body: body.bytes,
        ContentLength: body.bytes.length,
        ...checksum,
      });
      withHeaders(command, { bodySha256: body.sha256 });
      const answer = await inRegion(bucket, (client) => client.send(command, { abortSignal: signal }));
      const crc32 = checksum.ChecksumCRC32;
      return { number, etag: answer.ETag ?? "", ...(crc32 === undefined ? {} : { crc32 }) };
    },

    async completeUpload({ bucket, key, uploadId, parts, ifNew }, { signal }) {
      const command = new sdk.CompleteMultipartUploadCommand({
        Bucket: bucket,
        Key: key,
        UploadId: uploadId,
        MultipartUpload: {
          Parts: parts.map(({ number, etag, crc32 }) => ({
            PartNumber: number,
            ETag: etag,
            ...(crc32 === undefined ? {} : { ChecksumCRC32: crc32 }),
          })),
        },
        ...(ifNew ? { IfNoneMatch: "*" } : {}),
      });
      return etagOf(await inRegion(bucket, (client) => client.send(command, { abortSignal: signal })));
    },

    async abortUpload({ bucket, key, uploadId }, { signal }) {
      const command = new sdk.AbortMultipartUploadCommand({ Bucket: bucket, Key: key, UploadId: uploadId });
      await inRegion(bucket, (client) => client.send(command, { abortSignal: signal }));
    },

    async listUploads({ bucket, prefix, after }, { signal }) {
      const marker = after === undefined ? undefined : (JSON.parse(after) as { key: string; uploadId: string });
      const command = new sdk.ListMultipartUploadsCommand({
        Bucket: bucket,
        Prefix: prefix,
        ...(marker === undefined ? {} : { KeyMarker: marker.key, UploadIdMarker: marker.uploadId }),
      });
      const answer = await inRegion(bucket, (client) => client.send(command, { abortSignal: signal }));
      const items = (answer.Uploads ?? []).map(({ Key = "", UploadId = "", Initiated }) => ({
        key: Key,
        uploadId: UploadId,
        startedAt: Initiated?.getTime() ?? Number.NaN,
      }));
      const next = { key: answer.NextKeyMarker ?? "", uploadId: answer.NextUploadIdMarker ?? "" };
      return pageOf(items, answer.IsTruncated === true ? JSON.stringify(next) : undefined);
    },

    async close() {
      for (const client of clients.values()) client.destroy();
      clients.clear();
    },
  };
}

function pageOf<T>(items: readonly T[], next: string | undefined): S3Page<T> {
  return next === undefined ? { items } : { items, next };
}

function etagOf({ ETag }: { readonly ETag?: string | undefined }): { readonly etag?: string } {
  return ETag === undefined ? {} : { etag: ETag.replace(/^"|"$/g, "") };
}

/** Where a store says that the bucket is, when it was asked in another region. */
function regionToldBy(error: unknown): string | undefined {
  const { $metadata, $response, Region } = error as {
    readonly $metadata?: { readonly httpStatusCode?: number };
    readonly $response?: { readonly headers?: Readonly<Record<string, string>> };
    readonly Region?: unknown;
  };
  const status = $metadata?.httpStatusCode;
  if (status !== 301 && status !== 307 && status !== 400) return undefined;
  const told = $response?.headers?.["x-amz-bucket-region"] ?? Region;
  return typeof told === "string" && /^[a-z0-9-]{1,60}$/.test(told) ? told : undefined;
}

/** The body, which an abort ends even while nobody reads it. */
function abortable(body: Readable, signal: S3PortCall["signal"]): AsyncIterable<Uint8Array> {
  const abort = (): void => void body.destroy(signal.reason as Error);
  if (signal.aborted) abort();
  else signal.addEventListener("abort", abort, { once: true });
  // An error between two reads is met by the next read, not by the process.
  body.on("error", () => undefined);
  body.once("close", () => signal.removeEventListener("abort", abort));
  return body;
}

/** Adds headers between what the SDK builds and what it signs. */
function withHeaders(command: { readonly middlewareStack: unknown }, { bodySha256, withMd5 }: Headers): void {
  const stack = command.middlewareStack as S3Client["middlewareStack"];
  if (bodySha256 !== undefined)
    stack.add(
      (next) => (args) => {
        (args.request as SdkRequest).headers["x-amz-content-sha256"] = bodySha256;
        return next(args);
      },
      { step: "build", name: "millraceBodyHash" },
    );
  if (withMd5 === true)
    stack.add(
      (next) => (args) => {
        const { headers, body } = args.request as SdkRequest;
        for (const name of Object.keys(headers))
          if (/^x-amz-(checksum-|sdk-checksum-|trailer)/i.test(name)) delete headers[name];
        headers["content-md5"] = createHash("md5")
          .update(body as string | Uint8Array)
          .digest("base64");
        return next(args);
      },
      { step: "build", priority: "low", name: "millraceContentMd5" },
    );
}
