import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { EngineService } from "@millrace/core/engine";
import { messageOf } from "@millrace/core/plugin";
import { cliError } from "../errors.ts";

const address = "127.0.0.1";
const mostConnections = 32;
const localHosts = /^(?:127\.0\.0\.1|localhost|\[::1\])(?::\d+)?$/;

/**
 * Serves what the engine measures as a page for Prometheus, to this machine only.
 *
 * @param port - 0 takes one that is free
 * @throws `PORT_NOT_OPENED`, from the engine's start
 */
export function metricsService(port: number, onOpen: (url: string) => void): EngineService {
  let server: Server | undefined;
  return {
    name: "metrics",
    async start({ engine }) {
      server = createServer((request, response) => {
        // A page of another site may reach this machine by a name of its own; it is not answered.
        if (!localHosts.test(request.headers.host ?? "")) return void response.writeHead(403).end();
        if (request.method !== "GET" && request.method !== "HEAD") return void response.writeHead(405).end();
        if (request.url !== "/metrics") return void response.writeHead(404).end();
        response.writeHead(200, { "content-type": "text/plain; version=0.0.4; charset=utf-8" });
        response.end(request.method === "HEAD" ? undefined : engine.metrics.prometheus());
      });
      server.maxConnections = mostConnections;
      server.unref();
      await listening(server, port);
      onOpen(`http://${address}:${(server.address() as AddressInfo).port}/metrics`);
    },
    async stop() {
      server?.closeAllConnections();
      await new Promise<void>((resolve) => (server?.listening ? server.close(() => resolve()) : resolve()));
    },
  };
}

function listening(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (error) =>
      reject(cliError("PORT_NOT_OPENED", { port, why: messageOf(error) }, { cause: error })),
    );
    server.listen(port, address, resolve);
  });
}
