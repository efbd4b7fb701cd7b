/** Where an object lies. */
export interface S3ObjectName {
  readonly bucket: string;
  readonly key: string;
}

/** Each request can be called off; the port then stops what is under way and rejects. */
export interface S3PortCall {
  readonly signal: AbortSignal;
}

/** What is sent. The port may not keep the bytes after it has answered. */
export interface S3Body {
  readonly bytes: Uint8Array;
  /** Of the bytes, in lower-case hexadecimal: what the signature covers, so that nobody has to hash them again. */
  readonly sha256: string;
}

export interface S3PutRequest extends S3ObjectName {
  readonly body: S3Body;
  /** Names in lower case, values in ASCII. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Refuse with status 412 if there is such an object. */
  readonly ifNew: boolean;
}

export interface S3GetRequest extends S3ObjectName {
  /** First byte that is wanted. */
  readonly from: number;
  /** Refuse with status 412 if the object is another one by now. */
  readonly etag?: string;
}

export interface S3GetAnswer {
  /** Ends early, or throws, when the connection breaks. Is left early by `return`, which lets go of the connection. */
  readonly body: AsyncIterable<Uint8Array>;
  /** How many bytes the store says will come. */
  readonly sizeBytes?: number;
  readonly etag?: string;
}

export interface S3UploadName extends S3ObjectName {
  readonly uploadId: string;
}

/** What a store answers for a part, and wants to be told at the end. */
export interface S3PartReceipt {
  readonly number: number;
  readonly etag: string;
  /** Base64, if the port sent it. */
  readonly crc32?: string;
}

export interface S3ListRequest {
  readonly bucket: string;
  readonly prefix: string;
  /** As the page before gave it as `next`. */
  readonly after?: string;
}

export interface S3ListedObject {
  readonly key: string;
  readonly sizeBytes: number;
  /** Milliseconds since the epoch; NaN if the store does not say. */
  readonly modifiedAt: number;
}

export interface S3ListedUpload {
  readonly key: string;
  readonly uploadId: string;
  /** Milliseconds since the epoch; NaN if the store does not say. */
  readonly startedAt: number;
}

export interface S3Page<T> {
  /** Ordered by key. */
  readonly items: readonly T[];
  /** There if more follow. */
  readonly next?: string;
}

/** An object that a bulk removal left where it was. */
export interface S3NotDeleted {
  readonly key: string;
  /** For example `AccessDenied`. */
  readonly code: string;
}

/**
 * The few requests that the place makes: the AWS SDK is behind it, and anything else may be, given as `client`.
 *
 * No retries: the place makes them. What is thrown is read as the errors of the AWS SDK are: `name` (`NoSuchKey`, `SlowDown`),
 * `$metadata.httpStatusCode`, `$response.headers` (`retry-after`), and Node's `code` (`ECONNRESET`).
 */
export interface S3Port {
  headBucket(bucket: string, call: S3PortCall): Promise<{ readonly region?: string }>;
  putObject(request: S3PutRequest, call: S3PortCall): Promise<{ readonly etag?: string }>;
  getObject(request: S3GetRequest, call: S3PortCall): Promise<S3GetAnswer>;
  headObject(
    name: S3ObjectName,
    call: S3PortCall,
  ): Promise<{
    readonly sizeBytes: number;
    readonly etag?: string;
    readonly metadata: Readonly<Record<string, string>>;
  }>;
  deleteObject(name: S3ObjectName, call: S3PortCall): Promise<void>;
  /** At most 1,000 keys. `withMd5` sends a Content-MD5 header in place of newer checksums, as some stores want. */
  deleteObjects(
    request: { readonly bucket: string; readonly keys: readonly string[]; readonly withMd5: boolean },
    call: S3PortCall,
  ): Promise<readonly S3NotDeleted[]>;
  listObjects(request: S3ListRequest, call: S3PortCall): Promise<S3Page<S3ListedObject>>;
  createUpload(
    request: S3ObjectName & { readonly metadata: Readonly<Record<string, string>> },
    call: S3PortCall,
  ): Promise<{ readonly uploadId: string }>;
  uploadPart(
    request: S3UploadName & { readonly number: number; readonly body: S3Body },
    call: S3PortCall,
  ): Promise<S3PartReceipt>;
  completeUpload(
    request: S3UploadName & { readonly parts: readonly S3PartReceipt[]; readonly ifNew: boolean },
    call: S3PortCall,
  ): Promise<{ readonly etag?: string }>;
  abortUpload(name: S3UploadName, call: S3PortCall): Promise<void>;
  listUploads(request: S3ListRequest, call: S3PortCall): Promise<S3Page<S3ListedUpload>>;
  close(): Promise<void>;
}
