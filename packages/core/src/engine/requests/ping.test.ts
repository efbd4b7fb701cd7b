import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { memoryStore } from "../../store/memory-store.ts";
import { createEngine } from "../create-engine.ts";
import { nudgePath, pingEngine } from "./nudge-socket.ts";
import { requestService } from "./request-service.ts";

let home: string;
beforeEach(() => {
  home = realpathSync(mkdtempSync(join(tmpdir(), "millrace-ping-")));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

/** Long enough for a busy machine where an answer is to come. */
const patienceMs = 60_000;

test("an engine that takes requests answers; one that was closed is not there any more", async () => {
  expect(await pingEngine(home, patienceMs)).toBe("none");
  const engine = await createEngine({ store: memoryStore(), services: [requestService({ home })] });
  await engine.start();
  expect(await pingEngine(home, patienceMs)).toBe("answers");
  await engine.close();
  expect(await pingEngine(home, patienceMs)).toBe("none");
});

test("one that accepts and says nothing is silent when patience ends, and so is one that hangs up", async () => {
  const server = createServer((socket) => void socket.resume());
  await new Promise<void>((resolve) => server.listen(nudgePath(home), resolve));
  let waitedMs = 0;
  const clock = {
    now: () => 0,
    sleep: (ms: number): Promise<void> => {
      waitedMs = ms;
      return Promise.resolve();
    },
  };
  expect(await pingEngine(home, 2_000, clock)).toBe("silent");
  expect(waitedMs).toBe(2_000);
  server.removeAllListeners("connection").on("connection", (socket) => socket.destroy());
  expect(await pingEngine(home, patienceMs)).toBe("silent");
  await new Promise((resolve) => server.close(resolve));
});
