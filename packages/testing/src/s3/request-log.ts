import type { S3Fault } from "./faults.ts";
import { operationOf, type S3Operation } from "./operations.ts";
import type { S3Request } from "./request.ts";

/** A request as a test sees it. */
export interface S3RequestNote {
  /** 1 is the first that the server got. */
  readonly number: number;
  readonly method: string;
  /** By S3's name; undefined for what the server does not know. */
  readonly operation: S3Operation | undefined;
  readonly bucket: string | undefined;
  readonly key: string | undefined;
  readonly query: Readonly<Record<string, string>>;
  /** Without the ones that hold secrets: signature, session token, keys. */
  readonly headers: Readonly<Record<string, string>>;
  /** The fault that it met. */
  readonly fault: S3Fault["kind"] | undefined;
  /** Of the answer; undefined if none is, or was, to come. */
  readonly status: number | undefined;
}

/** A note while its request is being served. */
export type OpenNote = { -readonly [name in keyof S3RequestNote]: S3RequestNote[name] };

const secret = /^(authorization|cookie|x-amz-security-token|x-amz-.*customer-key.*)$/;

/** What the log keeps of a request. */
export function noteRequest(request: S3Request, number: number): OpenNote {
  const { method, bucket, key } = request;
  const headers = Object.fromEntries(Object.entries(request.headers).filter(([name]) => !secret.test(name)));
  const query = Object.fromEntries(request.query);
  const operation = operationOf(request);
  return { number, method, operation, bucket, key, query, headers, fault: undefined, status: undefined };
}
