import { once } from "node:events";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type Clock, systemClock } from "@millrace/core";
import { Bucket } from "./bucket.ts";
import { serveExchange } from "./exchange.ts";
import { type FaultFinder, readyPlan, type S3FaultPlan } from "./faults.ts";
import { type S3Objects, viewObjects } from "./objects-view.ts";
import type { S3RequestNote } from "./request-log.ts";
import { Uploads } from "./uploads.ts";

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
  /** Least size of a part that is not the last one, in bytes. Default: 5 MiB, as in S3; less makes tests faster. */
  readonly minPartBytes?: number;
  /** What goes wrong from the beginning. Default: nothing. */
  readonly faults?: S3FaultPlan;
  /** Against which the dates of requests are held. Default: the machine's clock. */
  readonly clock?: Pick<Clock, "now">;
}

/** An upload in parts that is in progress. */
export interface S3UploadView {
  readonly key: string;
  readonly uploadId: string;
  /** Numbers and sizes in bytes, by number. */
  readonly parts: readonly { readonly number: number; readonly sizeBytes: number }[];
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
  /** Uploads in parts that are neither completed nor aborted, in the order in which they began. */
  readonly uploads: readonly S3UploadView[];
  /** What goes wrong. May be set at any time; what its rules have counted begins anew then. */
  faults: S3FaultPlan;
  /** How many requests hang. */
  readonly hanging: number;
  /** Lets every request that hangs go on. */
  release(): void;
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
  endpoint = "";
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly region: string;
  readonly bucket: string;
  readonly requests: S3RequestNote[] = [];
  readonly objects: S3Objects;
  readonly #content = new Bucket();
  readonly #uploads = new Uploads();
  readonly #held = new Set<() => void>();
  readonly #http: Server;
  #plan: S3FaultPlan;
  #findFault: FaultFinder;

  constructor(options: S3ServerOptions) {
    const clock = options.clock ?? systemClock;
    this.accessKeyId = options.accessKeyId ?? "millrace";
    this.secretAccessKey = options.secretAccessKey ?? "millrace-secret";
    this.region = options.region ?? "us-east-1";
    this.bucket = options.bucket ?? "millrace-test";
    this.objects = viewObjects(this.#content, () => clock.now());
    this.#plan = options.faults ?? [];
    this.#findFault = readyPlan(this.#plan);
    const { accessKeyId, secretAccessKey } = this;
    const { sessionToken, bucketRegion = this.region, maxBodyBytes = 2 ** 30, minPartBytes = 5 * 2 ** 20 } = options;
    const regions = [this.region, bucketRegion];
    const surroundings = {
      bucketName: this.bucket,
      region: bucketRegion,
      content: this.#content,
      uploads: this.#uploads,
      signatureRules: () => ({ accessKeyId, secretAccessKey, sessionToken, regions, now: clock.now() }),
      now: () => clock.now(),
      maxBodyBytes,
      minPartBytes,
      log: this.requests,
      findFault: (note: S3RequestNote) => this.#findFault(note),
      hang: (response: ServerResponse) => this.#hold(response),
    };
    this.#http = createServer((incoming, response) => void serveExchange(incoming, response, surroundings));
  }

  get uploads(): readonly S3UploadView[] {
    return this.#uploads.all().map(({ key, id, parts }) => {
      const sizes = [...parts].sort(([a], [b]) => a - b).map(([number, { sizeBytes }]) => ({ number, sizeBytes }));
      return { key, uploadId: id, parts: sizes };
    });
  }

  get faults(): S3FaultPlan {
    return this.#plan;
  }

  set faults(plan: S3FaultPlan) {
    this.#plan = plan;
    this.#findFault = readyPlan(plan);
  }

  get hanging(): number {
    return this.#held.size;
  }

  release(): void {
    for (const go of this.#held) go();
  }

  async listen(): Promise<void> {
    this.#http.listen(0, "127.0.0.1");
    await once(this.#http, "listening");
    this.endpoint = `http://127.0.0.1:${(this.#http.address() as AddressInfo).port}`;
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

  async #hold(response: ServerResponse): Promise<void> {
    if (response.destroyed) return;
    await new Promise<void>((resolve) => {
      const go = (): void => {
        this.#held.delete(go);
        response.off("close", go);
        resolve();
      };
      this.#held.add(go);
      response.once("close", go);
    });
  }
}
