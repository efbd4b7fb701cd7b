import { createHash } from "node:crypto";
import { isMillraceError } from "@millrace/core/plugin";
import type { S3ListedUpload, S3ObjectName, S3Port, S3PortCall } from "../src/port.ts";

/** An object as the memory port keeps it. */
export interface KeptObject {
  bytes: Uint8Array;
  metadata: Readonly<Record<string, string>>;
  modifiedAt: number;
}

/** A request that was made of the port. */
export interface MadeRequest {
  readonly operation: keyof S3Port;
  readonly key?: string;
  readonly sizeBytes?: number;
}

/** What is to happen instead of the n-th request, or after it: something to be thrown. */
export type Fault = { readonly before: unknown } | { readonly after: unknown } | { readonly hang: true } | undefined;

/** A store behind the port's interface, with everything that tests look at. */
export interface MemoryPort extends S3Port {
  readonly objects: Map<string, KeptObject>;
  readonly uploads: Map<string, S3ListedUpload & { readonly parts: Map<number, Uint8Array> }>;
  readonly requests: MadeRequest[];
  /** Asked for each request, with its number from 0. */
  fault: (request: MadeRequest, number: number) => Fault;
  /** Bytes in an answer's piece; default 64 KiB. */
  pieceBytes: number;
  /** Changes an answer's body. */
  body: (pieces: Iterable<Uint8Array>) => AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
}

/** An error as the AWS SDK throws it. */
export function sdkError(name: string, status?: number, headers: Readonly<Record<string, string>> = {}): Error {
  return Object.assign(new Error(`the store says ${name}`), {
    name,
    ...(status === undefined
      ? {}
      : { $metadata: { httpStatusCode: status }, $response: { headers, statusCode: status } }),
  });
}

/** An error as Node throws it for a connection. */
export function networkError(code: string): Error {
  return Object.assign(new Error(`network: ${code}`), { code });
}

/** S3 in memory, as far as the place uses it. */
export function memoryPort(now: () => number = () => 0): MemoryPort {
  const objects: MemoryPort["objects"] = new Map();
  const uploads: MemoryPort["uploads"] = new Map();
  const requests: MadeRequest[] = [];
  const etagOf = (bytes: Uint8Array): string => createHash("md5").update(bytes).digest("hex");

  const made = async <T>(request: MadeRequest, { signal }: S3PortCall, work: () => T): Promise<T> => {
    const fault = port.fault(request, requests.length);
    requests.push(request);
    await Promise.resolve();
    signal.throwIfAborted();
    if (fault && "before" in fault) throw fault.before;
    if (fault && "hang" in fault)
      await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error)));
    const answer = work();
    if (fault && "after" in fault) throw fault.after;
    return answer;
  };
  const nameOf = ({ bucket, key }: S3ObjectName): string => `${bucket}/${key}`;
  const found = (name: S3ObjectName): KeptObject => {
    const object = objects.get(nameOf(name));
    if (!object) throw sdkError("NoSuchKey", 404);
    return object;
  };
  const foundUpload = (uploadId: string) => {
    const upload = uploads.get(uploadId);
    if (!upload) throw sdkError("NoSuchUpload", 404);
    return upload;
  };
  const keep = (name: S3ObjectName, bytes: Uint8Array, metadata: KeptObject["metadata"], ifNew: boolean): string => {
    if (ifNew && objects.has(nameOf(name))) throw sdkError("PreconditionFailed", 412);
    objects.set(nameOf(name), { bytes: Uint8Array.from(bytes), metadata, modifiedAt: now() });
    return etagOf(bytes);
  };

  const port: MemoryPort = {
    objects,
    uploads,
    requests,
    fault: () => undefined,
    pieceBytes: 65_536,
    body: (pieces) => pieces,
    headBucket: (_bucket, call) => made({ operation: "headBucket" }, call, () => ({})),
    putObject: (request, call) =>
      made({ operation: "putObject", key: request.key, sizeBytes: request.body.bytes.length }, call, () => ({
        etag: keep(request, request.body.bytes, request.metadata, request.ifNew),
      })),
    getObject: (request, call) =>
      made({ operation: "getObject", key: request.key }, call, () => {
        const { bytes } = found(request);
        if (request.etag !== undefined && request.etag !== etagOf(bytes)) throw sdkError("PreconditionFailed", 412);
        if (request.from > 0 && request.from >= bytes.length) throw sdkError("InvalidRange", 416);
        const wanted = bytes.slice(request.from);
        const pieces = function* (): Generator<Uint8Array> {
          for (let at = 0; at < wanted.length; at += port.pieceBytes) yield wanted.slice(at, at + port.pieceBytes);
        };
        const body = async function* (): AsyncGenerator<Uint8Array> {
          for await (const piece of port.body(pieces())) {
            call.signal.throwIfAborted();
            yield piece;
          }
        };
        return { body: body(), sizeBytes: wanted.length, etag: etagOf(bytes) };
      }),
    headObject: (name, call) =>
      made({ operation: "headObject", key: name.key }, call, () => {
        const { bytes, metadata } = found(name);
        return { sizeBytes: bytes.length, etag: etagOf(bytes), metadata };
      }),
    deleteObject: (name, call) =>
      made({ operation: "deleteObject", key: name.key }, call, () => void objects.delete(nameOf(name))),
    deleteObjects: ({ bucket, keys }, call) =>
      made({ operation: "deleteObjects", sizeBytes: keys.length }, call, () => {
        for (const key of keys) objects.delete(`${bucket}/${key}`);
        return [];
      }),
    listObjects: ({ bucket, prefix, after }, call) =>
      made({ operation: "listObjects", key: prefix }, call, () => {
        const keys = [...objects.keys()].filter((name) => name.startsWith(`${bucket}/${prefix}`)).sort();
        const begin = after === undefined ? 0 : Number(after);
        const items = keys.slice(begin, begin + 1_000).map((name) => {
          const { bytes, modifiedAt } = objects.get(name) as KeptObject;
          return { key: name.slice(bucket.length + 1), sizeBytes: bytes.length, modifiedAt };
        });
        return begin + 1_000 < keys.length ? { items, next: String(begin + 1_000) } : { items };
      }),
    createUpload: ({ key }, call) =>
      made({ operation: "createUpload", key }, call, () => {
        const uploadId = `upload ${uploads.size + requests.length}`;
        uploads.set(uploadId, { key, uploadId, startedAt: now(), parts: new Map() });
        return { uploadId };
      }),
    uploadPart: ({ key, uploadId, number, body }, call) =>
      made({ operation: "uploadPart", key, sizeBytes: body.bytes.length }, call, () => {
        const bytes = Uint8Array.from(body.bytes);
        if (createHash("sha256").update(bytes).digest("hex") !== body.sha256)
          throw sdkError("XAmzContentSHA256Mismatch", 400);
        foundUpload(uploadId).parts.set(number, bytes);
        return { number, etag: etagOf(bytes) };
      }),
    completeUpload: (request, call) =>
      made({ operation: "completeUpload", key: request.key }, call, () => {
        const { parts } = foundUpload(request.uploadId);
        const bytes = Buffer.concat(request.parts.map(({ number }) => parts.get(number) as Uint8Array));
        const etag = keep(request, bytes, {}, request.ifNew);
        uploads.delete(request.uploadId);
        return { etag };
      }),
    abortUpload: ({ key, uploadId }, call) =>
      made({ operation: "abortUpload", key }, call, () => {
        foundUpload(uploadId);
        uploads.delete(uploadId);
      }),
    listUploads: ({ prefix }, call) =>
      made({ operation: "listUploads", key: prefix }, call, () => ({
        items: [...uploads.values()]
          .filter(({ key }) => key.startsWith(prefix))
          .sort((a, b) => (a.key < b.key ? -1 : 1)),
      })),
    close: async () => undefined,
  };
  return port;
}

/** The code of the error that this ends with. */
export async function codeOf(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.then(
    () => "no error",
    (thrown: unknown) => thrown,
  );
  return isMillraceError(error) ? error.code : String(error);
}
