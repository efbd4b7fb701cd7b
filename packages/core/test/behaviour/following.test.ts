import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { dag } from "../../src/index.ts";
import type { EngineEvent } from "../../src/observe/engine-event.ts";
import { followStore } from "../../src/observe/follow-store.ts";
import type { Change } from "../../src/store/contract.ts";
import { memoryDatabase, memoryStore } from "../../src/store/memory-store.ts";
import { faultyStore } from "../faulty-store.ts";
import { gate, openEngine } from "../test-engine.ts";

const simple = dag("simple", {}, (d) => {
  const a = d.task("a", () => 1);
  d.map("each", { over: [1, 2] }, ({ element }) => element).after(a);
});
const patient = dag("patient", {}, (d) => {
  d.task("a", { retries: { max: 1, delay: "10s", backoff: "fixed" } }, ({ attempt }) => {
    if (attempt === 1) throw new Error("not yet");
  });
});
const wide = dag("wide", { maxActiveTasks: 5_000 }, (d) => {
  d.map("each", { over: Array.from({ length: 3_000 }, (_, n) => n) }, () => undefined);
});

const warnings: (Error & { code?: string })[] = [];
const keep = (warning: Error): void => void warnings.push(warning);
beforeEach(() => {
  warnings.length = 0;
  process.on("warning", keep);
});
afterEach(() => {
  process.off("warning", keep);
});

describe("observe from a number on", () => {
  test("tells what is stored and then what comes, by the same names", async () => {
    await using opened = await openEngine({ dags: [simple] });
    await opened.run(simple, { runId: "r1" });
    const told: EngineEvent[] = [];
    opened.engine.observe((event) => told.push(event), { after: 0 });
    await opened.run(simple, { runId: "r2" });
    const stored = await opened.store.events.list({});
    expect(told.map(({ seq }) => seq)).toEqual(stored.map(({ seq }) => seq));
    const replayed = told.filter(({ runId }) => runId === "r1");
    const live = opened.events.filter(({ runId }) => runId === "r1");
    expect(replayed).toEqual(live);
    expect(told.filter(({ runId }) => runId === "r2")).toEqual(opened.events.filter(({ runId }) => runId === "r2"));
  });

  test("only of one run, or of one DAG", async () => {
    const other = dag("other", {}, (d) => void d.task("b", () => 1));
    await using opened = await openEngine({ dags: [simple, other] });
    const first = await opened.clock.drive(opened.engine.trigger(simple, { runId: "r1" }));
    const ofRun: (string | undefined)[] = [];
    const ofDag: (string | undefined)[] = [];
    opened.engine.observe(({ runId, dagId }) => ofRun.push(`${dagId}/${runId}`), { runNo: first.runNo, after: 0 });
    opened.engine.observe(({ dagId }) => ofDag.push(dagId), { dagId: "other", after: 0 });
    await opened.run(other, { runId: "r1" });
    await opened.run(simple, { runId: "r2" });
    await opened.clock.settle();
    expect(new Set(ofRun)).toEqual(new Set(["simple/r1"]));
    const stored = await opened.store.events.list({ limit: 10_000 });
    expect(ofRun).toHaveLength(stored.filter(({ runNo }) => runNo === first.runNo).length);
    expect(ofDag).toEqual(stored.flatMap(({ dagId }) => (dagId === "other" ? ["other"] : [])));
  });

  test.for([-1, 1.5, Number.NaN, "3"])("%j is no number of an event", async (after) => {
    await using opened = await openEngine({ dags: [simple] });
    expect(() => opened.engine.observe(() => undefined, { after: after as number })).toThrow(
      expect.objectContaining({ code: "SETTING_INVALID" }),
    );
  });

  test("a group that is stored although its answer was lost is told, also when nothing follows it", async () => {
    const faulty = faultyStore(memoryStore());
    await using opened = await openEngine({ dags: [simple], store: faulty.store });
    const told: string[] = [];
    opened.engine.observe(({ kind }) => told.push(kind), { after: 0 });
    const endsRun = (changes: readonly Change[]): boolean =>
      changes.some((change) => change.kind === "updateRun" && change.to === "success");
    faulty.plan = { commit: (_, changes) => (endsRun(changes) ? "answer lost" : "none") };
    await opened.run(simple);
    await opened.clock.settle();
    expect(told.filter((kind) => kind === "run.success")).toHaveLength(1);
    expect(opened.events.map(({ kind }) => kind)).toContain("run.success");
  });
});

describe("listeners that misbehave", () => {
  test("one that throws is said once, by a code and without what it threw; the others are told all the same", async () => {
    await using opened = await openEngine({ dags: [simple] });
    let calls = 0;
    opened.engine.observe(() => {
      calls++;
      throw new Error("card 4111 1111 1111 1111");
    });
    const result = await opened.run(simple);
    expect(result.state).toBe("success");
    expect(calls).toBe(opened.events.length);
    await opened.clock.settle();
    const mine = warnings.filter(({ code }) => code === "LISTENER_FAILED");
    expect(mine).toHaveLength(1);
    expect(String(mine[0])).not.toContain("4111");
  });

  test("one whose promise rejects is like one that throws", async () => {
    await using opened = await openEngine({ dags: [simple] });
    const told: number[] = [];
    opened.engine.observe(async ({ seq }) => {
      told.push(seq);
      throw new Error("later");
    });
    await opened.run(simple);
    await opened.clock.settle();
    expect(told).toEqual(opened.events.map(({ seq }) => seq));
    expect(warnings.filter(({ code }) => code === "LISTENER_FAILED")).toHaveLength(1);
  });

  test("one whose promise never settles holds neither runs nor close, and gets the next event after 30 s", async () => {
    await using opened = await openEngine({ dags: [simple] });
    const told: { readonly seq: number; readonly at: number }[] = [];
    opened.engine.observe(({ seq }) => {
      told.push({ seq, at: opened.clock.now() });
      return new Promise(() => undefined);
    });
    const started = opened.clock.now();
    const result = await opened.run(simple);
    expect(result.state).toBe("success");
    expect(opened.clock.now()).toBe(started);
    expect(told).toHaveLength(1);
    await opened.clock.advance(60_000);
    expect(told.map(({ at }) => at - started)).toEqual([0, 30_000, 60_000]);
    expect(told.map(({ seq }) => seq)).toEqual(opened.events.slice(0, 3).map(({ seq }) => seq));
    await opened.clock.drive(opened.engine.close());
    expect(opened.clock.sleeping).toBe(0);
  });

  test("a replay waits for a slow listener, event by event", async () => {
    await using opened = await openEngine({ dags: [simple] });
    await opened.run(simple);
    let busy = 0;
    let most = 0;
    let told = 0;
    opened.engine.observe(
      async () => {
        told++;
        most = Math.max(most, ++busy);
        await opened.clock.sleep(10);
        busy--;
      },
      { after: 0 },
    );
    await opened.run(simple);
    await opened.clock.advance(10_000);
    expect(most).toBe(1);
    expect(told).toBe((await opened.store.events.list({})).length);
  });
});

describe("follow", () => {
  test("gives every event of a run and ends with it; one that has ended is given from the store", async () => {
    await using opened = await openEngine({ dags: [patient] });
    const { runNo } = await opened.clock.drive(opened.engine.trigger(patient));
    const following = Array.fromAsync(opened.engine.follow({ after: 0, runNo, untilEnd: true }));
    const during = await opened.clock.drive(following);
    const later = await opened.clock.drive(Array.fromAsync(opened.engine.follow({ after: 0, runNo, untilEnd: true })));
    const stored = await opened.store.events.list({ runNo });
    expect(during.map(({ seq }) => seq)).toEqual(stored.map(({ seq }) => seq));
    expect(later.map(({ seq }) => seq)).toEqual(stored.map(({ seq }) => seq));
    expect(during.at(-1)?.kind).toBe("run.success");
    expect(await opened.clock.drive(Array.fromAsync(opened.engine.follow({ runNo, untilEnd: true })))).toEqual([]);
  });

  test("a consumer that takes nothing while thousands of events come keeps few of them in memory, and gets all", async () => {
    const faulty = faultyStore(memoryStore());
    await using opened = await openEngine({ dags: [wide], store: faulty.store, concurrency: 5_000 });
    const pause = gate();
    const told: number[] = [];
    const stop = new AbortController();
    const events = opened.engine.follow({ signal: stop.signal });
    const taking = (async () => {
      for await (const { seq } of events) {
        if (told.length === 0) await pause.opened;
        told.push(seq);
      }
    })();
    let read = 0;
    faulty.plan = {
      read: (_, name) => {
        if (name === "events.list") read++;
        return false;
      },
    };
    await opened.run(wide);
    // It was told 1,000 and no more was read for it: it has room for nothing.
    expect(read).toBe(0);
    pause.open();
    // Each page is read in a turn of the event loop of its own.
    for (let turns = 0; turns < 100; turns++) await opened.clock.settle();
    stop.abort();
    await taking;
    expect(told).toEqual(opened.events.map(({ seq }) => seq));
    expect(told.length).toBeGreaterThan(6_000);
    // What was not told live came in pages.
    expect(read).toBeGreaterThan(told.length / 1_000);
  });

  test("ends when its signal aborts, when it is broken off, and with the engine", async () => {
    await using opened = await openEngine({ dags: [simple] });
    const stop = new AbortController();
    const aborted = Array.fromAsync(opened.engine.follow({ signal: stop.signal }));
    const closed = Array.fromAsync(opened.engine.follow());
    const broken = (async () => {
      for await (const { kind } of opened.engine.follow()) if (kind === "run.running") return kind;
      return undefined;
    })();
    await opened.run(simple);
    stop.abort();
    expect((await aborted).length).toBe(opened.events.length);
    expect(await broken).toBe("run.running");
    expect(await Array.fromAsync(opened.engine.follow({ signal: stop.signal, after: 0 }))).toEqual([]);
    await opened.clock.drive(opened.engine.close());
    expect((await closed).length).toBe(opened.events.length);
    expect(() => opened.engine.follow()).toThrow(expect.objectContaining({ code: "ENGINE_CLOSED" }));
  });

  test("says so when an event cannot be read back", async () => {
    await using opened = await openEngine({ dags: [simple] });
    const { runNo } = await opened.run(simple).then(async ({ runId }) => {
      const [run] = await opened.engine.runs();
      expect(run?.runId).toBe(runId);
      return run as { runNo: number };
    });
    const event = { at: 1, kind: "note", dagId: null, runNo, taskInstanceNo: null, attempt: null, data: "{broken" };
    await opened.store.commit([{ kind: "appendEvent", event }]);
    const all = Array.fromAsync(opened.engine.follow({ after: 0 }));
    await expect(opened.clock.drive(all)).rejects.toMatchObject({ code: "STORE_CORRUPT" });
    opened.engine.observe(() => undefined, { after: 0 });
    await opened.clock.settle();
    expect(warnings.map(({ code }) => code)).toContain("LISTENER_FAILED");
  });
});

describe("following the store of another engine", () => {
  test("gives every event of a run once and ends with it, looking again as often as it is told", async () => {
    const database = memoryDatabase();
    await using opened = await openEngine({ dags: [patient], store: memoryStore({ database }) });
    const { clock } = opened;
    const reader = memoryStore({ database });
    await reader.open("reader");
    const { runNo } = await clock.drive(opened.engine.trigger(patient));
    const told = await clock.drive(Array.fromAsync(followStore(reader, { runNo, untilEnd: true, clock, pollMs: 50 })));
    expect(told).toEqual(opened.events.filter((event) => event.runNo === runNo));
    expect(told.at(-1)?.kind).toBe("run.success");
  });

  test("a nudge cuts the wait short; the signal ends it", async () => {
    await using opened = await openEngine({ dags: [simple] });
    const { clock } = opened;
    let nudged = gate();
    const stop = new AbortController();
    const told: number[] = [];
    const following = (async () => {
      const options = { clock, pollMs: 3_600_000, nudge: () => nudged.opened, signal: stop.signal };
      for await (const { seq } of followStore(opened.store, options)) told.push(seq);
    })();
    await clock.settle();
    await opened.run(simple);
    expect(told.at(-1)).not.toBe(opened.events.at(-1)?.seq);
    const { open } = nudged;
    nudged = gate();
    open();
    await clock.settle();
    expect(told.at(-1)).toBe(opened.events.at(-1)?.seq);
    stop.abort();
    await following;
    // What the engine itself sleeps for is over by then.
    await clock.advance(1_000);
    expect(clock.sleeping).toBe(0);
  });
});
