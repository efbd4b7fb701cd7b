// Works off a backfill of many runs (`node --expose-gc test/many-runs.ts 100000`) and fails if memory grows with them.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { dag } from "@millrace/core";
import { createEngine } from "@millrace/core/engine";
import { sqlite } from "@millrace/store-sqlite";
import { backfillService, backfills } from "../src/index.ts";
import { hourly, hourMs } from "./schedules.ts";

const count = Number(process.argv[2] ?? "100000");
const mostMb = 40;
const begin = Date.UTC(2000, 0, 1);
const now = begin + (count + 1) * hourMs;
const clock = {
  now: () => now,
  sleep: (_: number, signal?: AbortSignal) =>
    new Promise<void>((resolve) => signal?.addEventListener("abort", () => resolve(), { once: true })),
};
const filled = dag("filled", { schedule: hourly, paused: true, maxActiveRuns: 64 }, (d) => {
  d.task("only", () => undefined);
});
const folder = mkdtempSync(join(tmpdir(), "millrace-many-runs-"));
const heapMb = (): number => {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed / 2 ** 20;
};
try {
  const store = sqlite({ path: join(folder, "millrace.db") });
  const engine = await createEngine({ dags: [filled], store, clock, concurrency: 64, services: [backfillService()] });
  await engine.start();
  const events = engine.follow();
  const to = new Date(begin + (count - 1) * hourMs).toISOString();
  const { backfillId } = await backfills(engine).create(filled, { from: "2000-01-01", to }, { maxActive: 64 });
  const heaps: number[] = [];
  let ended = 0;
  for await (const { kind } of events) {
    if (kind === "run.success" && ++ended % (count / 10) === 0) heaps.push(heapMb());
    if (kind === "backfill.completed") break;
  }
  const { success } = await backfills(engine).show(backfillId);
  await engine.close();
  const [first = 0] = heaps;
  const growth = Math.max(...heaps) - first;
  console.log(JSON.stringify({ success, heapsMb: heaps.map(Math.round), growthMb: Math.round(growth) }));
  if (success !== count || growth > mostMb) process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
