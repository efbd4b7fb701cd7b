import { spawn } from "node:child_process";
import { join } from "node:path";
import type { Store } from "@millrace/core/plugin";
import { expect, test } from "vitest";
import { check } from "../src/index.ts";
import { noon, scratchFolder, storeAt } from "./scratch.ts";

/** Starts a process that files requests. `said` grows by a number and a request number for each that is filed. */
function fileElsewhere(
  path: string,
  name: string,
  count: number,
  onSaid: (child: { kill(): void }) => void = () => {},
) {
  const script = join(import.meta.dirname, "file-requests.ts");
  const child = spawn(process.execPath, ["--conditions=millrace-source", script, path, name, String(count)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (more: string) => {
    text += more;
    onSaid({ kill: () => child.kill("SIGKILL") });
  });
  let isOver = false;
  const ended = new Promise<number | null>((resolve) =>
    child.once("close", (code) => {
      isOver = true;
      resolve(code);
    }),
  );
  const said = () =>
    text
      .split("\n")
      .slice(0, -1)
      .map((line) => line.split(" ").map(Number));
  return { ended, said, isOver: () => isOver };
}

/** Writes one group after the other, as fast as they can be written, until told to stop. */
async function writeUntil(store: Store, isOver: () => boolean): Promise<number> {
  let count = 0;
  while (!isOver()) {
    const puts = ["a", "b", "c", "d"].map(
      (key) => ({ kind: "putSetting", key, value: String(count), at: noon }) as const,
    );
    await store.commit([...puts, { kind: "putPool", pool: "p", slots: ++count, at: noon }]);
    // Only so that this process hears that the other one has ended.
    await new Promise((resolve) => setImmediate(resolve));
  }
  return count;
}

test("another process files requests while an engine writes group after group; each is filed once", {
  timeout: 120_000,
}, async () => {
  const path = join(scratchFolder(), "millrace.db");
  const engine = storeAt(path);
  await engine.open("engine");
  const client = fileElsewhere(path, "client", 100);
  const groups = await writeUntil(engine, client.isOver);
  expect(await client.ended).toBe(0);
  const pending = await engine.requests.pending(10_000);
  expect(pending.map(({ requestId }) => requestId)).toEqual(
    Array.from({ length: 100 }, (_, index) => `client ${index + 1}`),
  );
  expect(pending.map(({ requestNo }, index) => [index + 1, requestNo])).toEqual(client.said());
  // Nothing of the engine's was lost or told twice.
  expect(await engine.events.last()).toBe(groups);
  expect(await engine.settings.get("d")).toBe(String(groups - 1));
  await engine.close();
  expect((await check({ path })).problems).toEqual([]);
});

test("a client that is killed has filed what it was told is filed, and harms nobody", {
  timeout: 120_000,
}, async () => {
  const path = join(scratchFolder(), "millrace.db");
  const engine = storeAt(path);
  await engine.open("engine");
  for (const [round, after] of [1, 7, 30].entries()) {
    const client = fileElsewhere(path, `client ${round}`, 1_000_000, (child) => {
      if (client.said().length >= after) child.kill();
    });
    const before = await engine.events.last();
    const groups = await writeUntil(engine, client.isOver);
    await client.ended;
    expect(await engine.events.last()).toBe(before + groups);
    const pending = await engine.requests.pending(10_000);
    const filed = pending.filter(({ requestId }) => requestId.startsWith(`client ${round} `));
    const said = client.said();
    expect(said.length).toBeGreaterThanOrEqual(after);
    expect(filed.slice(0, said.length).map(({ requestNo }, index) => [index + 1, requestNo])).toEqual(said);
    // One may have been filed when nobody could say so any more.
    expect(filed.length - said.length).toBeLessThanOrEqual(1);
  }
  await engine.close();
  expect((await check({ path })).problems).toEqual([]);
});
