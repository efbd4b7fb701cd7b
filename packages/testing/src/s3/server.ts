import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type Clock, systemClock } from "@millrace/core";
import { refusalAnswer, type S3Answer } from "./answers.ts";
import { readBody } from "./body.ts";
import { Bucket } from "./bucket.ts";
import { type S3Objects, viewObjects } from "./objects-view.ts";
import { operationOf, perform } from "./operations.ts";
import { refused, S3Refusal } from "./refusals.ts";
import { parseRequest, type S3Request } from "./request.ts";
import { noteRequest, type S3RequestNote } from "./request-log.ts";
import { checkSignature, type SignatureRules } from "./signature.ts";

/** Options of {@link startS3Server}. */
export interface S3ServerOptions {
  /** Default: `millrace`. */
  readonly accessKeyId?: string;
  /** Default: `millrace-secret`. */
  readonly secretAccessKey?: string;
  /** Requests must bring it, if it is given. */
  readonly sessionToken?: string;
  /** Default: `us-east-1`. */
  readonly region?: string;
  /** Where the bucket is, if not in `region`: requests that are signed for `region` are answered with a redirect. */
  readonly bucketRegion?: string;
  /** The one bucket. Default: `millrace-test`. */
  readonly bucket?: string;
  /** Longest body of one request, in bytes. Default: 1 GiB. */
  readonly maxBodyBytes?: number;
  /** Against which the dates of requests are held. Default: the machine's clock. */
  readonly clock?: Pick<Clock, "now">;
}

/** A server that {@link startS3Server} has started. */
export interface S3Server extends AsyncDisposable {
  /** `http://127.0.0.1:<port>` */
  readonly endpoint: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly region: string;
  readonly bucket: string;
  /** Every request that came, in order. */
  readonly requests: readonly S3RequestNote[];
  /** What the bucket holds, to look at and to damage. */
  readonly objects: S3Objects;
  /** Ends the server and every connection. What it held is gone. */
  close(): Promise<void>;
}

/**
 * Starts an S3 server with one bucket in memory, on a free port of 127.0.0.1, for tests of what speaks to S3. It holds
 * requests to what S3 itself holds them to, signatures and checksums too, and keeps exactly the bytes that were sent.
 *
 * @example
 * ```ts
 * import { startS3Server } from "@millrace/testing/s3";
 *
 * await using server = await startS3Server({ bucket: "reports" });
 * console.log((await fetch(`${server.endpoint}/reports/a`)).status); // 403: the request is not signed
 * console.log(server.requests[0]?.operation, server.objects.size); // GetObject 0
 * ```
 */
export async function startS3Server(options: S3ServerOptions = {}): Promise<S3Server> {
  const server = new RunningServer(options);
  await server.listen();
  return server;
}

class RunningServer implements S3Server {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly region: string;
  readonly bucket: string;
  readonly requests: S3RequestNote[] = [];
  readonly objects: S3Objects;
  readonly #options: S3ServerOptions;
  readonly #clock: Pick<Clock, "now">;
  readonly #content = new Bucket();
  readonly #http: Server;

  constructor(options: S3ServerOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.accessKeyId = options.accessKeyId ?? "millrace";
    this.secretAccessKey = options.secretAccessKey ?? "millrace-secret";
    this.region = options.region ?? "us-east-1";
    this.bucket = options.bucket ?? "millrace-test";
    this.objects = viewObjects(this.#content);
    this.#http = createServer((incoming, response) => void this.#serve(incoming, response));
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#http.address() as AddressInfo).port}`;
  }

  async listen(): Promise<void> {
    this.#http.listen(0, "127.0.0.1");
    await once(this.#http, "listening");
  }

  async close(): Promise<void> {
    if (!this.#http.listening) return;
    const closed = once(this.#http, "close");
    this.#http.close();
    this.#http.closeAllConnections();
    await closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const requestId = `${this.requests.length + 1}`.padStart(16, "0");
    let request: S3Request | undefined;
    let answer: S3Answer;
    try {
      request = parseRequest(incoming);
      this.requests.push(noteRequest(request, this.requests.length + 1));
      answer = await this.#answer(request, incoming);
    } catch (error) {
      if (incoming.destroyed && !incoming.readableEnded) return;
      const refusal = error instanceof S3Refusal ? error : refused("InternalError", `${error}`);
      answer = refusalAnswer(refusal, request, requestId);
    }
    await drain(incoming);
    await send(response, { ...answer, headers: { ...answer.headers, "x-amz-request-id": requestId } });
  }

  async #answer(request: S3Request, incoming: IncomingMessage): Promise<S3Answer> {
    const signature = checkSignature(request, this.#rules());
    const home = this.#options.bucketRegion ?? this.region;
    if (signature.region !== home && request.bucket === this.bucket)
      throw redirect("PermanentRedirect", home, this.bucket);
    const most = this.#options.maxBodyBytes ?? 2 ** 30;
    return await perform(operationOf(request), {
      request,
      key: request.key ?? "",
      bucket: this.#content,
      bucketName: this.bucket,
      region: home,
      now: () => this.#clock.now(),
      readBody: () => readBody(incoming.iterator({ destroyOnReturn: false }), request, signature, most),
    });
  }

  #rules(): SignatureRules {
    return {
      accessKeyId: this.accessKeyId,
      secretAccessKey: this.secretAccessKey,
      sessionToken: this.#options.sessionToken,
      regions: [this.region, this.#options.bucketRegion ?? this.region],
      now: this.#clock.now(),
    };
  }
}

function redirect(code: "PermanentRedirect" | "TemporaryRedirect", region: string, bucket: string): S3Refusal {
  const endpoint = `${bucket}.s3.${region}.amazonaws.com`;
  return refused(code, undefined, {
    elements: { Endpoint: endpoint, Bucket: bucket },
    headers: { "x-amz-bucket-region": region },
  });
}

/** A client that is still sending does not read the answer. */
async function drain(incoming: IncomingMessage): Promise<void> {
  if (incoming.readableEnded || incoming.destroyed) return;
  const ended = new Promise((resolve) => incoming.once("end", resolve).once("close", resolve));
  incoming.resume();
  await ended;
}

async function send(response: ServerResponse, { status, headers, pieces }: S3Answer): Promise<void> {
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
  const known = status === 204 || status === 304 ? {} : { "content-length": `${length}` };
  response.writeHead(status, { ...known, ...headers });
  for (const piece of pieces) {
    if (response.destroyed) return;
    if (!response.write(piece)) await new Promise((resolve) => response.once("drain", resolve).once("close", resolve));
  }
  response.end();
}
