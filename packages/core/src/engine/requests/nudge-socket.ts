import { createHash } from "node:crypto";
import { chmodSync, mkdirSync, rmSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Clock, systemClock } from "../../time/clock.ts";

/** The operating system takes no longer address of a local socket. */
const longestPath = 100;
const mostConnections = 64;
const longestLine = 32;

/** Where the engine that works with this home folder listens; known to every process that knows the folder. */
export function nudgePath(home: string): string {
  const name = createHash("sha256").update(home).digest("hex").slice(0, 24);
  if (process.platform === "win32") return `\\\\.\\pipe\\millrace-${name}`;
  const path = join(home, "engine.sock");
  return path.length <= longestPath ? path : join(tmpdir(), `millrace-${name}.sock`);
}

/**
 * Listens for nudges: numbers of requests, one a line; each is sent back once it is answered. Nothing else passes here,
 * so that losing all of it only costs time: requests and answers are in the store. The caller holds the store's claim,
 * so what is left of a socket of another engine can be removed.
 */
export async function listenForNudges(
  path: string,
  onNudge: () => Promise<unknown>,
): Promise<{ close(): Promise<void> }> {
  if (process.platform !== "win32") {
    mkdirSync(join(path, ".."), { recursive: true, mode: 0o700 });
    rmSync(path, { force: true });
  }
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    let rest = "";
    socket.setEncoding("latin1");
    socket.on("data", (text: string) => {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      if (rest.length > longestLine) return socket.destroy();
      const numbers = lines.filter((line) => /^\d{1,15}$/.test(line));
      if (numbers.length > 0)
        onNudge().then(
          () => socket.writable && socket.write(`${numbers.join("\n")}\n`),
          () => socket.destroy(),
        );
    });
    socket.on("error", () => socket.destroy());
    socket.on("close", () => open.delete(socket));
  });
  server.maxConnections = mostConnections;
  await listening(server, path);
  if (process.platform !== "win32") chmodSync(path, 0o600);
  server.unref();
  return {
    close: () =>
      new Promise((resolve) => {
        for (const socket of open) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

function listening(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(path, () => {
      server.removeListener("error", reject);
      server.on("error", () => undefined);
      resolve();
    });
  });
}

/** Tells the engine of a request, and calls back when it says that it has answered. No engine: nothing happens. */
export function nudge(path: string, requestNo: number, onAnswered: () => void): { close(): void } {
  const socket = connect(path);
  socket.unref();
  socket.on("connect", () => socket.write(`${requestNo}\n`));
  socket.on("data", () => onAnswered());
  socket.on("error", () => socket.destroy());
  return { close: () => socket.destroy() };
}

/** Who is behind a home's socket. `stale`: an engine left it that is gone. `silent`: an engine does not answer. */
export type EngineSign = "answers" | "silent" | "stale" | "none";

/**
 * Asks whether an engine that takes requests works with a home folder. Changes nothing.
 *
 * @param patienceMs - how long it may take to answer
 * @example
 * ```ts
 * import { pingEngine } from "@millrace/core/engine";
 * console.log(await pingEngine("/nowhere", 1_000)); // none
 * ```
 */
export async function pingEngine(home: string, patienceMs: number, clock: Clock = systemClock): Promise<EngineSign> {
  const over = new AbortController();
  const path = nudgePath(home);
  const answered = new Promise<EngineSign>((resolve) => {
    const socket = connect(path);
    // No request has this number: whoever is there answers what is waiting, if anything is, and sends it back.
    socket.on("connect", () => socket.write("0\n"));
    socket.on("data", () => resolve("answers"));
    socket.on("close", () => resolve("silent"));
    socket.on("error", ({ code }: NodeJS.ErrnoException) =>
      resolve(code === "ENOENT" ? "none" : code === "ECONNREFUSED" ? "stale" : "silent"),
    );
    over.signal.addEventListener("abort", () => socket.destroy());
  });
  const late = clock.sleep(patienceMs, over.signal).then((): EngineSign => "silent");
  const sign = await Promise.race([answered, late]);
  over.abort();
  return sign;
}
