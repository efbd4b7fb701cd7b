import { type Change, isRunFinished } from "@millrace/core/plugin";
import { expect } from "vitest";
import { clearTask, noon, updateRun } from "./changes.ts";
import { apply, openEngine, type StoreCase, withRun } from "./store-case.ts";

export const reopenCases: readonly StoreCase[] = [
  {
    name: "a run that has ended can be reopened, is then like one that has not begun, and its events are one story",
    async run(place) {
      const { store, runNo } = await withRun(place);
      let current = store;
      const told = ["run.created"];
      for (const end of ["success", "failed", "cancelled"] as const) {
        await apply(current, updateRun({ runNo, to: "running", at: noon + 1 }), "done");
        await apply(current, updateRun({ runNo, to: end, note: "it ended", at: noon + 2 }), "done");
        const event = {
          kind: `note.${end}`,
          dagId: null,
          runNo,
          taskInstanceNo: null,
          attempt: null,
          data: null,
          at: noon,
        };
        await apply(current, { kind: "appendEvent", event }, "done");
        await apply(current, updateRun({ runNo, to: "queued", from: ["running"] }), "refused");
        await apply(current, updateRun({ runNo, to: "queued", from: [end], at: noon + 3 }), "done");
        expect(await current.runs.get(runNo)).toMatchObject({
          state: "queued",
          startedAt: null,
          endedAt: null,
          note: null,
          createdAt: noon,
        });
        expect((await current.runs.active()).map((run) => run.runNo)).toEqual([runNo]);
        told.push("run.running", `run.${end}`, `note.${end}`, "run.queued");
        expect((await current.events.list({ runNo })).map(({ kind }) => kind)).toEqual(told);
        // What is open now was ended by an engine that is gone.
        await current.close();
        current = await openEngine(place);
      }
      await apply(current, updateRun({ runNo, to: "running", at: noon + 9 }), "done");
      await apply(current, updateRun({ runNo, to: "success", at: noon + 10 }), "done");
      expect(await current.runs.get(runNo)).toMatchObject({ startedAt: noon + 9, endedAt: noon + 10 });
      expect(await current.runs.active()).toEqual([]);
      told.push("run.running", "run.success");
      expect((await current.events.list({ runNo })).map(({ kind }) => kind)).toEqual(told);
    },
  },
  {
    name: "a run may end, be reopened and end again in one group",
    async run(place) {
      const { store, runNo, firstTaskInstanceNo: task } = await withRun(place);
      const ends = ["success", "queued", "failed", "queued", "cancelled"] as const;
      const group = ends.flatMap((to): Change[] => [
        updateRun({ runNo, from: ["queued", "success", "failed"], to }),
        ...(isRunFinished(to) ? [] : [clearTask({ taskInstanceNo: task, runNo })]),
      ]);
      for (const { status } of await store.commit(group)) expect(status).toBe("done");
      expect((await store.events.list({ runNo })).map(({ kind }) => kind)).toEqual([
        ...["run.created", "run.success", "run.queued", "task.cleared", "run.failed"],
        ...["run.queued", "task.cleared", "run.cancelled"],
      ]);
      await store.close();
      const next = await openEngine(place);
      expect(await next.events.list({ runNo })).toHaveLength(8);
      expect(await next.runs.active()).toEqual([]);
    },
  },
];
