import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import type { Engine, EngineService } from "@millrace/core/engine";
import { LocalServer, type Page } from "./local-server.ts";

/** A file that is older than a few of these belongs to an engine that does not work any more. */
const writtenEveryMs = 5_000;

export interface HealthOptions {
  /** Serves `/health` and `/ready` there, to this machine only; 0 takes a free port. */
  readonly port: number | undefined;
  /** Written every five seconds, and removed at the end. */
  readonly file: string | undefined;
  onOpen(url: string): void;
}

/**
 * Tells those who watch over a process how its engine is. `/health` is 200 as long as the engine works, `/ready` once it was
 * started and while its store can be written; else both are 503. A loop that is blocked answers nothing and writes no file.
 *
 * @throws `PORT_NOT_OPENED`, and what the file system throws, from the engine's start
 */
export function healthService({ port, file, onOpen }: HealthOptions): EngineService {
  let server: LocalServer | undefined;
  let writing: Promise<void> = Promise.resolve();
  return {
    name: "health",
    async start({ engine, clock, signal, report }) {
      if (port !== undefined) {
        server = new LocalServer((url) => pageOf(url, engine));
        onOpen(await server.open(port));
      }
      if (file === undefined) return;
      await mkdir(dirname(file), { recursive: true });
      await writeWhole(file, textOf(engine, clock.now()));
      writing = (async () => {
        let isTold = false;
        while (!signal.aborted) {
          await clock.sleep(writtenEveryMs, signal);
          if (signal.aborted) break;
          try {
            await writeWhole(file, textOf(engine, clock.now()));
            isTold = false;
          } catch (error) {
            if (!isTold) report(error);
            isTold = true;
          }
        }
        await rm(file, { force: true });
      })();
    },
    async stop() {
      await server?.close();
      await writing;
    },
  };
}

function pageOf(url: string, engine: Engine): Page | undefined {
  const health = engine.health();
  const isWell = { "/health": health.state !== "stopped", "/ready": isReady(engine) }[url];
  if (isWell === undefined) return undefined;
  return { status: isWell ? 200 : 503, type: "application/json", body: JSON.stringify(health) };
}

function isReady(engine: Engine): boolean {
  const { state, storeFailingSince } = engine.health();
  return state === "ready" && storeFailingSince === null;
}

function textOf(engine: Engine, now: number): string {
  const at = new Date(now).toISOString();
  return `${JSON.stringify({ at, pid: process.pid, ready: isReady(engine), ...engine.health() })}\n`;
}

/** Whoever reads it sees the old text or the new one. */
async function writeWhole(file: string, text: string): Promise<void> {
  const beside = `${file}.${process.pid}.tmp`;
  await writeFile(beside, text);
  await rename(beside, file);
}
