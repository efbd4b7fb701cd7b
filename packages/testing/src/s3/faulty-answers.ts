import type { S3Answer } from "./answers.ts";
import type { S3Fault } from "./faults.ts";
import { slicePieces } from "./ranges.ts";
import { refused, type S3Refusal } from "./refusals.ts";

/** An answer on its way: what is told to come, what comes, and what happens then. */
export interface Sending {
  readonly answer: S3Answer;
  /** `end`: all is sent; `cut`: the connection ends although more was told; `reset`; `hang`. */
  readonly ending: "end" | "cut" | "reset" | "hang";
}

/** The refusal or answer that stands in for carrying a request out; undefined if it is carried out. */
export function answerBefore(fault: S3Fault | undefined, bucket: string): S3Refusal | S3Answer | undefined {
  if (fault?.kind === "redirect") return redirectTo(fault.region, bucket, fault.status);
  return fault && "when" in fault && fault.when === "after" ? undefined : plannedAnswer(fault);
}

/** The refusal or answer that is told in place of that of a request which has been carried out. */
export function answerAfter(fault: S3Fault | undefined): S3Refusal | S3Answer | undefined {
  return fault && "when" in fault && fault.when === "after" ? plannedAnswer(fault) : undefined;
}

/** What is sent in place of an answer, and how. Headers tell the length of the whole. */
export function faultyAnswer(answer: S3Answer, fault: S3Fault | undefined): Sending {
  const whole = withLength(answer);
  if (whole.pieces.length === 0 && fault?.kind !== "wrong checksum") return { answer: whole, ending: "end" };
  const half = (): S3Answer => ({ ...whole, pieces: firstBytes(whole, sizeOf(whole) >>> 1) });
  switch (fault?.kind) {
    case "truncate": {
      const pieces = firstBytes(whole, fault.sizeBytes ?? sizeOf(whole) >>> 1);
      if (!fault.isHonest) return { answer: { ...whole, pieces }, ending: "cut" };
      const cut = { ...whole, pieces };
      return { answer: { ...cut, headers: { ...cut.headers, "content-length": `${sizeOf(cut)}` } }, ending: "end" };
    }
    case "alter":
      return { answer: altered(whole, fault.at), ending: "end" };
    case "wrong checksum":
      return { answer: { ...whole, headers: withWrongChecksum(whole.headers) }, ending: "end" };
    case "drop":
      if (fault.when === "mid-answer") return { answer: half(), ending: "reset" };
      break;
    case "hang":
      if (fault.when === "mid-answer") return { answer: half(), ending: "hang" };
      break;
  }
  return { answer: whole, ending: "end" };
}

/** That the bucket is in another region, as S3 says it. */
export function redirectTo(region: string, bucket: string, status: 301 | 307 = 301): S3Refusal {
  return refused(status === 301 ? "PermanentRedirect" : "TemporaryRedirect", undefined, {
    elements: { Endpoint: `${bucket}.s3.${region}.amazonaws.com`, Bucket: bucket },
    headers: { "x-amz-bucket-region": region },
  });
}

function plannedAnswer(fault: S3Fault | undefined): S3Refusal | S3Answer | undefined {
  if (fault?.kind === "answer") {
    return {
      status: fault.status,
      headers: fault.headers ?? {},
      pieces: fault.body === undefined ? [] : [Buffer.from(fault.body)],
    };
  }
  if (fault?.kind !== "refuse") return undefined;
  const headers: Record<string, string> =
    fault.retryAfter === undefined ? {} : { "retry-after": `${fault.retryAfter}` };
  return refused(fault.code, fault.message, { headers, ...(fault.status !== undefined && { status: fault.status }) });
}

function withLength(answer: S3Answer): S3Answer {
  if (answer.status === 204 || answer.status === 304) return answer;
  return { ...answer, headers: { "content-length": `${sizeOf(answer)}`, ...answer.headers } };
}

function sizeOf({ pieces }: S3Answer): number {
  return pieces.reduce((sum, piece) => sum + piece.length, 0);
}

function firstBytes({ pieces }: S3Answer, count: number): readonly Uint8Array[] {
  return slicePieces(pieces, { first: 0, last: count - 1 });
}

function altered(answer: S3Answer, at?: number): S3Answer {
  const bytes = Buffer.concat(answer.pieces);
  const place = at ?? bytes.length >>> 1;
  if (place < bytes.length) bytes.writeUInt8(bytes.readUInt8(place) ^ 1, place);
  return { ...answer, pieces: [bytes] };
}

function withWrongChecksum(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const name = Object.keys(headers).find((header) => /^x-amz-checksum-(?!type)/.test(header));
  if (name === undefined) return { ...headers, "x-amz-checksum-crc32": "AAAAAA==" };
  const [value = "", ...count] = (headers[name] ?? "").split("-");
  const bytes = Buffer.from(value, "base64");
  bytes.writeUInt8(bytes.readUInt8(0) ^ 1, 0);
  return { ...headers, [name]: [bytes.toString("base64"), ...count].join("-") };
}
