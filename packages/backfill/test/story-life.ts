// A life of an engine with backfills, which goes on with the story wherever the life before it was killed. Kills itself at a
// commit, before or after it. `node story-life.ts folder killAt before|after`; killAt 0 lives to the end.
import { join } from "node:path";
import { dag, fail } from "@millrace/core";
import { createEngine } from "@millrace/core/engine";
import type { Store } from "@millrace/core/plugin";
import { sqlite } from "@millrace/store-sqlite";
import { type Backfills, backfillService, backfills } from "../src/index.ts";
import { daily } from "./schedules.ts";

const [folder = "", killAt = "0", when = "after"] = process.argv.slice(2);

/** Each run fails once if its day is even; what it takes is three tasks. */
const sales = dag("sales", { schedule: daily, startDate: "2026-01-01", paused: true, maxActiveRuns: 4 }, (d) => {
  const read = d.task("read", ({ logicalDate, dagState }) => failOnce(logicalDate.toString(), dagState));
  d.chain(
    read,
    d.task("clean", () => 1),
    d.task("load", () => 2),
  );
});

async function failOnce(
  date: string,
  state: { get(key: string): Promise<unknown>; set(key: string, value: never): Promise<void> },
) {
  if (Number(date.slice(8, 10)) % 2 === 1 || (await state.get(date)) !== undefined) return;
  await state.set(date, true as never);
  throw fail("no data yet");
}

const inner = sqlite({ path: join(folder, "millrace.db") });
let commits = 0;
const store: Store = Object.assign(Object.create(inner) as Store, {
  open: inner.open.bind(inner),
  close: inner.close.bind(inner),
  commit: async (...args: Parameters<Store["commit"]>) => {
    const isLast = ++commits === Number(killAt);
    if (isLast && when === "before") process.kill(process.pid, "SIGKILL");
    const outcomes = await inner.commit(...args);
    if (isLast) process.kill(process.pid, "SIGKILL");
    return outcomes;
  },
});

const engine = await createEngine({ dags: [sales], store, home: folder, services: [backfillService()] });
await engine.start();
const all = backfills(engine);

const first = await made("first", { from: "2026-01-01", to: "2026-01-12", skip: ["2026-01-05"] });
await reached(first, ({ pending }) => pending <= 7);
if ((await store.state.get("story", "paused")) === undefined && (await all.show(first)).state !== "completed") {
  await all.pause(first).catch(() => undefined);
  await inner.commit([{ kind: "putState", namespace: "story", key: "paused", value: "1", at: 0 }]);
}
if ((await all.show(first)).state === "paused") await all.resume(first);
await reached(first, ({ state, done }) => state === "completed" && done > 0);
if ((await all.show(first)).failed > 0) {
  await all.retryFailed(first);
  await reached(first, ({ state, failed }) => state === "completed" && failed === 0);
}
const second = await made("second", {
  from: "2026-01-04",
  to: "2026-01-20",
  reprocess: "completed",
  order: "backward",
});
await reached(second, ({ done, state }) => done >= 6 || state === "cancelled");
await all.cancel(second);
await reached(second, ({ active }) => active === 0);
await engine.close();
process.stdout.write(`done after ${commits} commits\n`);

/** The backfill of this name, made unless a life before has made it. */
async function made(backfillId: string, spec: Parameters<Backfills["create"]>[1]): Promise<string> {
  const known = (await all.list()).find(
    (row) => row.backfillId.startsWith(backfillId) && !row.note?.includes("cut off"),
  );
  return known?.backfillId ?? (await all.create(sales, spec, { backfillId, maxActive: 3 })).backfillId;
}

/** Looks again with every event until it is so. */
async function reached(
  backfillId: string,
  isSo: (now: Awaited<ReturnType<Backfills["show"]>>) => boolean,
): Promise<void> {
  if (isSo(await all.show(backfillId))) return;
  for await (const { kind } of engine.follow()) {
    if ((kind.startsWith("run.") || kind.startsWith("backfill.")) && isSo(await all.show(backfillId))) return;
  }
}
