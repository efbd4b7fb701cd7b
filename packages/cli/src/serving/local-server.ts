import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { messageOf } from "@millrace/core/plugin";
import { cliError } from "../errors.ts";

const address = "127.0.0.1";
const mostConnections = 32;
const localHosts = /^(?:127\.0\.0\.1|localhost|\[::1\])(?::\d+)?$/;

export interface Page {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

/** Pages to read, for this machine only. */
export class LocalServer {
  readonly #server: Server;

  /** @param pageOf - `undefined` where there is none */
  constructor(pageOf: (url: string) => Page | undefined) {
    this.#server = createServer((request, response) => {
      const page = allowed(request) ?? pageOf(request.url ?? "") ?? { status: 404, type: "", body: "" };
      const { status, type, body } = page;
      response.writeHead(status, type === "" ? {} : { "content-type": type, "cache-control": "no-store" });
      response.end(request.method === "HEAD" ? undefined : body);
    });
    this.#server.maxConnections = mostConnections;
    this.#server.unref();
  }

  /**
   * @param port - 0 takes one that is free
   * @returns where it is, without a path
   * @throws `PORT_NOT_OPENED`
   */
  async open(port: number): Promise<string> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", (error) =>
        reject(cliError("PORT_NOT_OPENED", { port, why: messageOf(error) }, { cause: error })),
      );
      this.#server.listen(port, address, resolve);
    });
    return `http://${address}:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => (this.#server.listening ? this.#server.close(() => resolve()) : resolve()));
  }
}

/** A page of another site may reach this machine by a name of its own; it is not answered. */
function allowed({ headers, method }: IncomingMessage): Page | undefined {
  if (!localHosts.test(headers.host ?? "")) return { status: 403, type: "", body: "" };
  if (method !== "GET" && method !== "HEAD") return { status: 405, type: "", body: "" };
  return undefined;
}
