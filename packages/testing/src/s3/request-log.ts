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
}

const secret = /^(authorization|cookie|x-amz-security-token|x-amz-.*customer-key.*)$/;

/** What the log keeps of a request. */
export function noteRequest(request: S3Request, number: number): S3RequestNote {
  const { method, bucket, key } = request;
  const headers = Object.fromEntries(Object.entries(request.headers).filter(([name]) => !secret.test(name)));
  return {
    number,
    method,
    operation: operationOf(request),
    bucket,
    key,
    query: Object.fromEntries(request.query),
    headers,
  };
}
