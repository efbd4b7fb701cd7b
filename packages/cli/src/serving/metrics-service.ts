import type { EngineService } from "@millrace/core/engine";
import { LocalServer } from "./local-server.ts";

const type = "text/plain; version=0.0.4; charset=utf-8";

/**
 * Serves what the engine measures as a page for Prometheus, to this machine only.
 *
 * @param port - 0 takes one that is free
 * @throws `PORT_NOT_OPENED`, from the engine's start
 */
export function metricsService(port: number, onOpen: (url: string) => void): EngineService {
  let server: LocalServer | undefined;
  return {
    name: "metrics",
    async start({ engine }) {
      server = new LocalServer((url) =>
        url === "/metrics" ? { status: 200, type, body: engine.metrics.prometheus() } : undefined,
      );
      onOpen(`${await server.open(port)}/metrics`);
    },
    stop: () => server?.close(),
  };
}
