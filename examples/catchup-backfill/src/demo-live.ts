// The same DAGs in real time, on a shortened schedule: a day takes six seconds, and the whole about a minute.
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { styleText } from "node:util";
import { every, systemClock } from "@millrace/core";
import { createEngine, type EngineEvent } from "@millrace/core/engine";
import { sqlite } from "@millrace/store-sqlite";
import { historicalSalesMigration } from "./historical-sales-migration.ts";
import { incrementalDataProcessing } from "./incremental-data-processing.ts";
import { multiSourceSync } from "./multi-source-sync.ts";
import { projectFile } from "./project-files.ts";
import { startGateway } from "./source-system/gateway.ts";
import { checkTarget } from "./story/check-target.ts";
import { activeLimits } from "./story/dag-figures.ts";
import { readRunLog } from "./story/run-log.ts";
import { startWebhook } from "./story/webhook.ts";
import { gatewayPool, systemRecoveryProcessing } from "./system-recovery-processing.ts";
import type { World } from "./world.ts";

const dayMs = 6_000;
const began = systemClock.now();
const folder = projectFile(".world", "live");
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });

const calendar = { openedAt: began - 30 * dayMs, dayMs };
await using gateway = await startGateway({ clock: systemClock, calendar });
await using people = await startWebhook(systemClock, ({ text }) => say(styleText("yellow", text)));
const world: World = {
  folder,
  clock: systemClock,
  calendar,
  catchupFile: join(folder, "catchup.json"),
  gatewayUrl: () => gateway.url,
  webhookUrl: () => people.url,
  answerWithinMs: 1_000,
  isLasting: false,
  msPerRow: 1,
};
writeFileSync(world.catchupFile, JSON.stringify({ dags: { multi_source_sync: true } }));

const minuteMs = 40;
const since = (daysAgo: number): string => new Date(began - daysAgo * dayMs).toISOString();
const dags = [
  historicalSalesMigration(world, { schedule: every({ milliseconds: dayMs }), startDate: since(30), minuteMs }),
  systemRecoveryProcessing(world, { schedule: every({ milliseconds: dayMs / 4 }), startDate: since(3), minuteMs }),
  incrementalDataProcessing(world, {
    schedule: every("1s"),
    startDate: since(1),
    catchup: { window: { milliseconds: dayMs } },
    minuteMs,
  }),
  multiSourceSync(world, {
    schedule: every({ milliseconds: dayMs }),
    startDate: since(14 + 1 / 12),
    minuteMs,
    settingsEvery: "1s",
  }),
];

const events: EngineEvent[] = [];
let sinceLast: Record<string, number> = {};
console.log("A day takes six seconds; thirty of them lie behind us.");
await work(22);
say(styleText("bold", "the engine goes down, and the gateway with it"));
gateway.be("down");
await systemClock.sleep(3 * dayMs);
say(styleText("bold", "the engine is back after three days; the gateway needs two seconds more"));
void systemClock.sleep(2_000).then(() => gateway.be("up"));
await work(18);

const { mostActive } = readRunLog(events);
const checks = [
  ...checkTarget(world).map(({ name, rows, wrong }) => ({
    what: `${name}: ${rows} rows, ${wrong} wrong`,
    isGood: rows > 0 && wrong === 0,
  })),
  ...Object.entries(activeLimits).map(([dagId, limit]) => ({
    what: `${dagId}: at most ${mostActive[dagId]} of ${limit} runs active`,
    isGood: mostActive[dagId] <= limit,
  })),
];
console.log();
for (const { what, isGood } of checks)
  console.log(`${isGood ? styleText("green", "passed") : styleText("red", "FAILED")}  ${what}`);
process.exitCode = checks.every(({ isGood }) => isGood) ? 0 : 1;

/** An engine works for so many seconds, and every two of them it is told what it did. */
async function work(seconds: number): Promise<void> {
  const engine = await createEngine({
    dags,
    store: sqlite({ path: join(folder, "millrace.db") }),
    pools: { [gatewayPool.name]: gatewayPool.slots },
  });
  engine.observe((event) => {
    events.push(event);
    const how = /^run\.(success|failed)$/.exec(event.kind)?.[1];
    if (!how) return;
    const key = `${event.dagId} ${how}`;
    sinceLast[key] = (sinceLast[key] ?? 0) + 1;
  });
  await engine.start();
  for (let second = 0; second < seconds; second += 2) {
    await systemClock.sleep(2_000);
    const told = Object.entries(sinceLast).map(([key, count]) => `${key} ${count}`);
    sinceLast = {};
    say(told.length === 0 ? "nothing was due" : told.join(", "));
  }
  await engine.drain();
  await engine.close();
}

function say(text: string): void {
  console.log(`${`${((systemClock.now() - began) / 1_000).toFixed(0)} s`.padStart(5)}  ${text}`);
}
