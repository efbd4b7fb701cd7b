// Writes groups to the database named until it is killed, and says on its output which of them are stored.
import { writeSync } from "node:fs";
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
    at,
  },
]);
if (dag?.status !== "registered") throw new Error("not registered");
const { dagNo, versionNo } = dag;

for (let count = 1; ; count++) {
  const dates = { logicalDate: at, intervalStart: at, intervalEnd: at };
  const more = { params: null, conf: null, idempotencyKey: null };
  const [run] = await store.commit([
    { kind: "createRun", dagNo, versionNo, runId: `run_${epoch}_${count}`, type: "manual", ...dates, ...more, at },
  ]);
  if (run?.status !== "created") throw new Error("not created");
  for (let taskNo = 0; taskNo < taskIds.length; taskNo++) {
    const place = { taskInstanceNo: run.firstTaskInstanceNo + taskNo, runNo: run.runNo, token: epoch, attempt: 1, at };
    const value = { key: "return_value", format: "json", stored: String(count), sizeBytes: 4 } as const;
    await store.commit(
      [
        { kind: "startTask", from: ["scheduled"], ...place },
        {
          kind: "finishTask",
          state: "success",
          error: null,
          wakeAt: null,
          awaits: null,
          replacesXComs: true,
          xcoms: [value],
          deletes: [],
          reads: [],
          performance: null,
          ...place,
        },
        { kind: "putSetting", key: "progress", value: `${epoch} ${count} ${taskNo}`, at },
      ],
      { durability: durability === "full" ? "full" : "normal" },
    );
    writeSync(1, `${epoch} ${count} ${taskNo} ${place.taskInstanceNo}\n`);
  }
}
