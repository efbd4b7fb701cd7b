import { isMillraceError } from "../../errors.ts";
import type { EngineService } from "../service.ts";
import { listenForNudges, nudgePath } from "./nudge-socket.ts";

export interface RequestServiceOptions {
  /** The folder for what Millrace keeps: the socket for nudges is in it. */
  readonly home: string;
  /** How often the store is looked at besides, in milliseconds: a nudge may be lost. Default 200. */
  readonly pollMs?: number;
}

/**
 * Has an engine do what other processes ask of it: `millrace runs cancel` beside `millrace start`, for example.
 * They file requests in the store and nudge the engine through a local socket.
 *
 * @example
 * ```ts no-run
 * import { createEngine, requestService } from "@millrace/core/engine";
 * import { sqlite } from "@millrace/store-sqlite";
 *
 * const store = sqlite({ path: ".millrace/millrace.db" });
 * const engine = await createEngine({ store, services: [requestService({ home: ".millrace" })] });
 * await engine.start();
 * ```
 */
export function requestService({ home, pollMs = 200 }: RequestServiceOptions): EngineService {
  let socket: { close(): Promise<void> } | undefined;
  let polling: Promise<void> = Promise.resolve();
  return {
    name: "requests",
    async start({ engine, clock, signal, report }) {
      const answerAll = (): Promise<number> => engine.answerRequests();
      socket = await listenForNudges(nudgePath(home), answerAll).catch((error: unknown) => {
        report(error);
        return undefined;
      });
      polling = (async () => {
        let isTold = false;
        while (!signal.aborted) {
          try {
            await answerAll();
            isTold = false;
          } catch (error) {
            if (isMillraceError(error) && error.code === "ENGINE_CLOSED") return;
            if (!isTold) report(error);
            isTold = true;
          }
          await clock.sleep(pollMs, signal);
        }
      })();
    },
    async stop() {
      await socket?.close();
      await polling;
    },
  };
}
