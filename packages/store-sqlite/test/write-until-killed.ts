// Writes groups to the database named until it is killed, and says on its output which of them are stored.
import { writeSync } from "node:fs";
import type { Change } from "@millrace/core/plugin";
import { sqlite } from "../src/index.ts";

const [path = "", durability = "normal"] = process.argv.slice(2);
const store = sqlite({ path });
const { epoch } = await store.open("engine");
const taskIds = Array.from({ length: 20 }, (_, index) => `task_${index}`);
const at = Date.now();
const [dag] = await store.commit([
  {
    kind: "registerDag",
    dagId: "d",
    fingerprint: "f",
    snapshot: "{}",
    bundle: null,
    taskIds,
    paused: false,
    startDate: null,
    startDateIsRelative: false,
    at,
  },
]);
if (dag?.status !== "registered") throw new Error("not registered");
const { dagNo, versionNo } = dag;

for (let count = 1; ; count++) {
  const dates = { logicalDate: at, intervalStart: at, intervalEnd: at };
  const more = { params: null, conf: null, idempotencyKey: null, backfill: null };
  const [run] = await store.commit([
    { kind: "createRun", dagNo, versionNo, runId: `run_${epoch}_${count}`, type: "manual", ...dates, ...more, at },
  ]);
  if (run?.status !== "created") throw new Error("not created");
  const { runNo, firstTaskInstanceNo } = run;
  await store.commit([{ kind: "expandTask", runNo, taskNo: 0, placeholderNo: firstTaskInstanceNo, count: 3, at }]);
  const request = {
    kind: "fileRequest",
    requestId: `${epoch} ${count}`,
    operation: "test",
    payload: "{}",
    at,
  } as const;
  const [, filed] = await store.commit([
    { kind: "collapseTask", runNo, taskNo: 0, placeholderNo: firstTaskInstanceNo, reason: null, at },
    request,
  ]);
  if (filed?.status !== "filed") throw new Error("not filed");
  for (let taskNo = 0; taskNo < taskIds.length; taskNo++) {
    const place = { taskInstanceNo: firstTaskInstanceNo + taskNo, runNo, at };
    const first = { ...place, token: epoch, attempt: 1 };
    const second = { ...place, token: epoch, attempt: 2 };
    const value = { key: "return_value", format: "json", stored: String(count), sizeBytes: 4 } as const;
    const cost = { durationUs: count, cpuUs: 1, memoryBeforeBytes: 1, memoryAfterBytes: 1, memoryPeakBytes: 1 };
    const end = {
      ...{ error: null, wakeAt: null, awaits: null, replacesXComs: true, xcoms: [value], deletes: [] },
      reads: [{ taskInstanceNo: firstTaskInstanceNo, key: "return_value", sizeBytes: count }],
      performance: { scope: "process", ...cost, loopDelayUs: 1 },
    } as const;
    const third = { ...place, token: epoch, attempt: 3 };
    const again: readonly Change[] = [
      { kind: "clearTask", from: ["success"], reason: null, ...place },
      { kind: "startTask", from: ["scheduled"], ...third },
      { kind: "finishTask", state: "success", ...end, ...third },
    ];
    const outcomes = await store.commit(
      [
        // Every instance loses its first attempt; every third one is cleared after its second and ends once more.
        { kind: "startTask", from: ["scheduled"], ...first },
        { kind: "returnTask", why: "lost", reason: "lost", ...first },
        { kind: "startTask", from: ["scheduled"], ...second },
        { kind: "finishTask", state: "success", ...end, ...second },
        ...(taskNo % 3 === 0 ? again : []),
        { kind: "putSetting", key: "progress", value: `${epoch} ${count} ${taskNo}`, at },
      ],
      { durability: durability === "full" ? "full" : "normal" },
    );
    if (outcomes.some(({ status }) => status !== "done")) throw new Error("not done");
    writeSync(1, `${epoch} ${count} ${taskNo} ${place.taskInstanceNo} ${runNo}\n`);
  }
  await store.commit([
    { kind: "answerRequest", requestNo: filed.requestNo, answer: String(count), at },
    { kind: "updateRun", runNo, from: ["queued"], to: "success", note: null, at },
  ]);
  await store.commit([{ kind: "updateRun", runNo, from: ["success"], to: "queued", note: null, at }]);
  await backfill(epoch * 1_000_000 + count * 10);
}

/** A backfill of four dates: one run that succeeds, two that fail and are removed, one that goes on; and a date passed over. */
async function backfill(firstDate: number): Promise<void> {
  const spec = { spec: "{}", maxActive: 4, at } as const;
  const [made] = await store.commit([{ kind: "createBackfill", backfillId: String(firstDate), dagNo, ...spec }]);
  if (made?.status !== "backfillCreated") throw new Error("no backfill");
  const { backfillNo } = made;
  const items = Array.from({ length: 5 }, (_, itemNo) => {
    const date = {
      logicalDate: firstDate + itemNo,
      intervalStart: firstDate + itemNo,
      intervalEnd: firstDate + itemNo,
    };
    return { itemNo, ...date, action: "create", reason: null, params: null, conf: null } as const;
  });
  await store.commit([
    { kind: "addBackfillItems", backfillNo, items },
    { kind: "updateBackfill", backfillNo, from: ["preparing"], to: "running", note: null, at },
  ]);
  const runNos: number[] = [];
  for (const { itemNo, action: _, reason: __, ...date } of items.slice(0, 4)) {
    const place = { type: "backfill", idempotencyKey: null, backfill: { backfillNo, itemNo } } as const;
    const run = { kind: "createRun", dagNo, versionNo, runId: `backfill_${date.logicalDate}`, ...place } as const;
    const [created] = await store.commit([{ ...run, ...date, at }]);
    if (created?.status !== "created") throw new Error("not created");
    runNos.push(created.runNo);
    const to = itemNo === 0 ? "success" : "failed";
    if (itemNo < 3)
      await store.commit([{ kind: "updateRun", runNo: created.runNo, from: ["queued"], to, note: null, at }]);
  }
  await store.commit([
    { kind: "skipBackfillItem", backfillNo, itemNo: 4, reason: "enough" },
    { kind: "deleteRuns", runNos: runNos.slice(1, 3), at },
  ]);
}
