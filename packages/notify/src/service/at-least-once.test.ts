import { memoryDatabase } from "@millrace/core/plugin";
import { seededNumbers } from "@millrace/testing";
import { expect, it } from "vitest";
import { type Database, notified, type Switch, switchDag } from "../../test/engine.ts";
import { recordingChannel } from "../../test/recording-channel.ts";
import { notifyError } from "../errors.ts";

const down = notifyError("NOTIFY_UNREACHABLE", { where: "The webhook", why: "ECONNREFUSED" });

it.each([1, 2, 3, 4, 5, 6, 7, 8])(
  "every failed run is told at least once, in order, whatever ends the engine and whenever a channel is down (seed %i)",
  async (seed) => {
    const draw = seededNumbers(seed);
    const below = (count: number): number => Math.floor(draw() * count);
    const database = memoryDatabase();
    const state: Switch = { error: undefined };
    const ops = recordingChannel();
    let crashes = 0;
    for (let life = 0; life < 6; life++) {
      const options = { dedupeWindow: "0s" } as const;
      const test = await notified([switchDag("sales", state)], options, { database, ops });
      const steps = 1 + below(6);
      for (let step = 0; step < steps; step++) {
        state.error = below(3) > 0 ? new Error("no luck") : undefined;
        ops.fault = below(3) === 0 ? down : undefined;
        if (below(4) === 0) await test.advance(below(120_000));
        // Seen at every stage of being made, told and written.
        const isLast = step === steps - 1;
        if (!isLast) await test.run("sales");
        else await test.trigger("sales");
        for (let turns = below(6); turns > 0; turns--) await new Promise((resolve) => setImmediate(resolve));
      }
      if (below(3) > 0) {
        crashes++;
        database.crash();
      }
      await test.close().catch(() => undefined);
    }
    ops.fault = undefined;
    await using test = await notified([switchDag("sales", state)], { dedupeWindow: "0s" }, { database, ops });
    await test.advance("1h");
    const failed = (await test.engine.runs({ states: ["failed"], limit: 1_000 })).map(({ runId }) => runId);
    const told = ops.messages.filter(({ kind }) => kind === "failure").map(({ runId = "" }) => runId);
    const first = [...new Set(told)];
    expect(first.toSorted()).toEqual(failed.toSorted());
    // An id holds the number of the event.
    const seqs = [...new Set(ops.messages.map(({ id }) => Number(id.split("-")[1])))];
    expect(seqs).toEqual(seqs.toSorted((a, b) => a - b));
    // Only what was on its way at a crash can come twice.
    expect(told.length - first.length).toBeLessThanOrEqual(crashes);
    expect((await test.store.state.list("notify")).map(({ key }) => key)).toEqual(["ledger"]);
  },
);

/** What fails while no notifier works: the engine has none. */
async function failAway(database: Database, count: number): Promise<void> {
  await using test = await notified([switchDag("sales", { error: new Error("x") })], {}, { database, services: [] });
  for (let run = 0; run < count; run++) await test.run("sales");
}

it("a notifier to which nothing has happened yet has a place in the events all the same", async () => {
  const database = memoryDatabase();
  const ops = recordingChannel();
  const dags = () => [switchDag("sales", { error: undefined })];
  await (await notified(dags(), {}, { database, ops })).close();
  await failAway(database, 1);
  await using test = await notified(dags(), {}, { database, ops });
  await test.settle();
  expect(ops.titles).toEqual(["A run of 'sales' failed"]);
});

it("a crash in the middle of a backlog leaves nothing out", async () => {
  const database = memoryDatabase();
  const ops = recordingChannel();
  const dags = () => [switchDag("sales", { error: undefined })];
  await (await notified(dags(), {}, { database, ops })).close();
  await failAway(database, 250);
  const crashing = recordingChannel();
  const first = await notified(
    dags(),
    { dedupeWindow: "0s" },
    {
      database,
      ops: { ...crashing, send: async () => database.crash() },
    },
  );
  await first.settle();
  await first.close().catch(() => undefined);
  await using test = await notified(dags(), { dedupeWindow: "0s" }, { database, ops });
  await test.settle();
  const runs = await test.engine.runs({ states: ["failed"], limit: 1_000 });
  expect(runs).toHaveLength(250);
  expect(new Set(ops.messages.map(({ runId }) => runId)).size).toBe(250);
});
