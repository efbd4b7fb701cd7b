import type { IncomingMessage, ServerResponse } from "node:http";
import { refusalAnswer, type S3Answer } from "./answers.ts";
import { readBody } from "./body.ts";
import type { Bucket } from "./bucket.ts";
import type { FaultFinder, S3Fault } from "./faults.ts";
import { answerAfter, answerBefore, faultyAnswer, redirectTo, type Sending } from "./faulty-answers.ts";
import { operationOf, perform } from "./operations.ts";
import { refused, S3Refusal } from "./refusals.ts";
import { parseRequest, type S3Request } from "./request.ts";
import { noteRequest, type OpenNote, type S3RequestNote } from "./request-log.ts";
import { checkSignature, type SignatureRules } from "./signature.ts";
import type { Uploads } from "./uploads.ts";

/** What a request meets: the content of the server, its rules, its faults. */
export interface Surroundings {
  readonly bucketName: string;
  /** Where the bucket is. */
  readonly region: string;
  readonly content: Bucket;
  readonly uploads: Uploads;
  readonly signatureRules: () => SignatureRules;
  readonly now: () => number;
  readonly maxBodyBytes: number;
  readonly minPartBytes: number;
  readonly log: S3RequestNote[];
  readonly findFault: FaultFinder;
  /** Resolves when what hangs is released, or the connection is gone. */
  readonly hang: (response: ServerResponse) => Promise<void>;
}

/** Serves one request: notes it, lets its fault happen, carries it out and answers. */
export async function serveExchange(
  incoming: IncomingMessage,
  response: ServerResponse,
  around: Surroundings,
): Promise<void> {
  // A reset connection is told by the events that are awaited; here it must only not end the process.
  incoming.on("error", () => {});
  const number = around.log.length + 1;
  let request: S3Request | undefined;
  let note: OpenNote | undefined;
  let fault: S3Fault | undefined;
  let answer: S3Answer | "gone";
  try {
    request = parseRequest(incoming);
    note = noteRequest(request, number);
    around.log.push(note);
    fault = around.findFault(note);
    note.fault = fault?.kind;
    answer = await answerTo(request, incoming, response, fault, around);
  } catch (error) {
    answer = hasLeft(incoming, response) ? "gone" : refusalAnswer(asRefusal(error), request, `${number}`);
  }
  if (answer === "gone") return;
  const sending = faultyAnswer({ ...answer, headers: { ...answer.headers, "x-amz-request-id": `${number}` } }, fault);
  if (fault?.kind === "hang" && fault.when === "after") await around.hang(response);
  if (fault?.kind === "drop" && fault.when === "after") return void incoming.socket.resetAndDestroy();
  if (hasLeft(incoming, response)) return;
  if (note) note.status = sending.answer.status;
  await send(response, sending, around);
}

async function answerTo(
  request: S3Request,
  incoming: IncomingMessage,
  response: ServerResponse,
  fault: S3Fault | undefined,
  around: Surroundings,
): Promise<S3Answer | "gone"> {
  if (fault?.kind === "drop" && (fault.when === "before" || fault.when === "mid-request")) {
    if (fault.when === "mid-request") await someBody(incoming);
    incoming.socket.resetAndDestroy();
    return "gone";
  }
  if (fault?.kind === "hang" && fault.when === "before") await around.hang(response);
  if (hasLeft(incoming, response)) return "gone";
  const early = answerBefore(fault, around.bucketName);
  if (early instanceof S3Refusal) throw early;
  if (early) return early;
  const answer = await carryOut(request, incoming, fault, around);
  const late = answerAfter(fault);
  if (late instanceof S3Refusal) throw late;
  return late ?? answer;
}

async function carryOut(
  request: S3Request,
  incoming: IncomingMessage,
  fault: S3Fault | undefined,
  around: Surroundings,
): Promise<S3Answer> {
  const signature = checkSignature(request, around.signatureRules());
  const { bucketName, region, maxBodyBytes: mostBytes } = around;
  if (signature.region !== region && request.bucket === bucketName) throw redirectTo(region, bucketName);
  const seen = fault?.kind === "ignore headers" ? withoutHeaders(request, fault.names) : request;
  return await perform(operationOf(seen), {
    request: seen,
    key: seen.key ?? "",
    bucket: around.content,
    uploads: around.uploads,
    bucketName,
    region,
    minPartBytes: around.minPartBytes,
    now: around.now,
    refuseDelete: (key) => (fault?.kind === "refuse deletes" ? fault.codeOf(key) : undefined),
    readBody: (options) =>
      readBody(incoming.iterator({ destroyOnReturn: false }), seen, signature, { mostBytes, ...options }),
  });
}

function withoutHeaders(request: S3Request, names: readonly string[]): S3Request {
  const headers = Object.fromEntries(Object.entries(request.headers).filter(([name]) => !names.includes(name)));
  return { ...request, headers };
}

function asRefusal(error: unknown): S3Refusal {
  return error instanceof S3Refusal ? error : refused("InternalError", `${error}`);
}

function hasLeft(incoming: IncomingMessage, response: ServerResponse): boolean {
  return response.destroyed || (incoming.destroyed && !incoming.readableEnded);
}

/** Resolves when the first bytes of a body are there, or it has none. */
async function someBody(incoming: IncomingMessage): Promise<void> {
  await new Promise((resolve) => incoming.once("data", resolve).once("end", resolve).once("close", resolve));
}

async function send(response: ServerResponse, { answer, ending }: Sending, around: Surroundings): Promise<void> {
  const socket = response.socket;
  response.writeHead(answer.status, answer.headers);
  response.flushHeaders();
  for (const piece of answer.pieces) {
    if (response.destroyed) return;
    if (!response.write(piece)) await roomToWrite(response);
  }
  if (ending === "end") return void response.end();
  // What was written has to be on its way before the connection ends.
  await new Promise<unknown>((resolve) => (response.destroyed ? resolve(undefined) : response.write("", resolve)));
  if (ending === "hang") await around.hang(response);
  if (ending === "reset") socket?.resetAndDestroy();
  else socket?.destroySoon();
}

async function roomToWrite(response: ServerResponse): Promise<void> {
  await new Promise<void>((resolve) => {
    const go = (): void => {
      response.off("drain", go).off("close", go);
      resolve();
    };
    response.on("drain", go).on("close", go);
  });
}
