import type { S3Refusal } from "./refusals.ts";
import type { S3Request } from "./request.ts";
import { type XmlElement, xmlDocument } from "./xml.ts";

/** What the server answers, before a fault has made something else of it. */
export interface S3Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly pieces: readonly Uint8Array[];
}

/** An answer without a body. */
export function emptyAnswer(status: number, headers: Readonly<Record<string, string>> = {}): S3Answer {
  return { status, headers, pieces: [] };
}

/** An answer of XML, 200 unless told. */
export function xmlAnswer(root: XmlElement, headers: Readonly<Record<string, string>> = {}): S3Answer {
  return { status: 200, headers: { "content-type": "application/xml", ...headers }, pieces: [xmlDocument(root)] };
}

/** A refusal as S3 tells it: in XML, or in the status alone where the answer has no body. */
export function refusalAnswer(refusal: S3Refusal, request: S3Request | undefined, requestId: string): S3Answer {
  const { status, headers } = refusal;
  if (request?.method === "HEAD" || status === 304) return emptyAnswer(status, headers);
  const elements = Object.entries(refusal.elements).map(([name, text]): XmlElement => [name, text]);
  const document = xmlDocument(
    [
      "Error",
      [
        ["Code", refusal.code],
        ["Message", refusal.message],
        ...elements,
        request?.bucket === undefined ? undefined : ["BucketName", request.bucket],
        request?.key === undefined ? undefined : ["Key", request.key],
        ["Resource", request?.path ?? ""],
        ["RequestId", requestId],
        ["HostId", "millrace"],
      ],
    ],
    { bare: true },
  );
  return { status, headers: { "content-type": "application/xml", ...headers }, pieces: [document] };
}
