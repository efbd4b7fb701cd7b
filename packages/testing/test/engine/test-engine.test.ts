import { getEventListeners } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { cron, dag } from "@millrace/core";
import type { EngineService } from "@millrace/core/engine";
import { awaitEvent, memoryStore, reschedule } from "@millrace/core/plugin";
import { describe, expect, test, vi } from "vitest";
import { createTestEngine, manualClock } from "../../src/index.ts";

const day = 86_400_000;

/** A DAG of one task for each way to wait for thirty days. */
function waitingDag(now: () => number) {
  const start = now();
  return dag("waiting", {}, (d) => {
    d.task("polls", () => {
      if (now() < start + 30 * day) throw reschedule(now() + 3_600_000);
    });
    d.task("leaps", () => {
      if (now() < start + 30 * day) throw reschedule(start + 30 * day);
    });
    d.task("retries", { retries: { max: 30, delay: "24h", backoff: "fixed" } }, ({ attempt }) => {
      if (attempt < 31) throw new Error("not yet");
    });
    d.task("awaits", async ({ state }) => {
      if ((await state.get("asked")) === true) return;
      await state.set("asked", true);
      throw awaitEvent("approved");
    });
  });
}

describe("time that the test moves", () => {
  test("brings what is due on the way, in its order, and nothing more", async () => {
    const clock = manualClock({ now: "2026-01-01T00:00:00Z" });
    const waiting = waitingDag(() => clock.now());
    await using opened = await createTestEngine({ dags: [waiting], clock });
    const { runId } = await opened.trigger(waiting);
    const states = async () =>
      Object.fromEntries((await opened.engine.tasks("waiting", runId)).map(({ taskId, state }) => [taskId, state]));
    await opened.settle();
    const before = {
      polls: "up_for_reschedule",
      leaps: "up_for_reschedule",
      retries: "up_for_retry",
      awaits: "waiting",
    };
    expect(await states()).toEqual(before);
    await opened.advance("29d");
    await opened.engine.signal("approved");
    await opened.settle();
    expect(await states()).toEqual({ ...before, awaits: "success" });
    expect(opened.now()).toBe("2026-01-30T00:00:00Z");
    await opened.advance(day);
    expect(await states()).toEqual({ polls: "success", leaps: "success", retries: "success", awaits: "success" });
    expect(opened.executor.attempts.filter(({ taskId }) => taskId === "polls")).toHaveLength(721);
    expect(opened.events.at(-1)).toMatchObject({ kind: "run.success", at: Date.UTC(2026, 0, 31) });
    const ats = opened.events.map(({ at }) => at);
    expect(ats).toEqual([...ats].sort((a, b) => a - b));
  });

  test("of thirty days takes no time to speak of", async () => {
    const clock = manualClock();
    const sleeps = vi.spyOn(clock, "sleep");
    const end = clock.now() + 30 * day;
    const leap = dag("leap", {}, (d) => {
      d.task("waits", () => {
        if (clock.now() < end) throw reschedule(end);
      });
    });
    await using opened = await createTestEngine({ dags: [leap], clock });
    const result = await opened.run(leap);
    expect(result.endedAt?.epochMilliseconds).toBe(end);
    // In steps of a minute there would be 43,200.
    expect(sleeps.mock.calls.length).toBeLessThan(10);
  });

  test("is shared by all that take the same clock", async () => {
    const clock = manualClock({ now: "2026-01-01T00:00:00+01:00" });
    await using opened = await createTestEngine({ dags: [], clock });
    await clock.advance("90s");
    expect(opened.now()).toBe("2025-12-31T23:01:30Z");
  });
});

test("a sleep that is over leaves nothing at the signal that could have called it off", async () => {
  const clock = manualClock();
  const stop = new AbortController();
  const slept = clock.sleep(1_000, stop.signal);
  expect(getEventListeners(stop.signal, "abort")).toHaveLength(1);
  await clock.drive(slept);
  expect(getEventListeners(stop.signal, "abort")).toEqual([]);
  const calledOff = clock.sleep(1_000, stop.signal);
  stop.abort();
  await calledOff;
  expect([clock.sleeping, getEventListeners(stop.signal, "abort").length]).toEqual([0, 0]);
  await clock.sleep(1_000, stop.signal);
});

test("a run that waits for what no time brings is told, and the engine goes on", async () => {
  const clock = manualClock();
  const waiting = waitingDag(() => clock.now());
  await using opened = await createTestEngine({ dags: [waiting], clock });
  await expect(opened.run(waiting, { runId: "r" })).rejects.toMatchObject({
    code: "TEST_RUN_STUCK",
    message: expect.stringContaining("task 'awaits' awaits the event 'approved'"),
    cause: { code: "TEST_CLOCK_STUCK" },
  });
  await opened.engine.signal("approved");
  await opened.settle();
  expect(await opened.engine.runs()).toMatchObject([{ runId: "r", state: "success" }]);
});

test("two test engines number alike", async () => {
  const ids: string[] = [];
  for (let round = 0; round < 2; round++) {
    const one = dag("one", {}, (d) => {
      d.task("t", ({ xcom }) => xcom.uniqueKey("k"));
    });
    await using opened = await createTestEngine({ dags: [one] });
    const result = await opened.run(one);
    ids.push(`${result.runId} ${await result.xcom("t")}`);
  }
  expect(ids[0]).toBe(ids[1]);
});

test("tasks that would run in threads run where the test can reach them", async () => {
  let seen = 0;
  const apart = dag("apart", { defaults: { isolation: "thread" } }, (d) => {
    d.task("counts", () => {
      seen++;
    });
  });
  await using opened = await createTestEngine({ dags: [apart] });
  expect((await opened.run(apart)).state).toBe("success");
  expect(seen).toBe(1);
  await expect(createTestEngine({ dags: [apart], threads: {} })).rejects.toMatchObject({ code: "THREAD_CODE_MISSING" });
});

describe("what services have open", () => {
  /** Asks a server every minute, for ten seconds at most; the server takes a moment of real time. */
  async function askedFor(
    realWork: "attempts" | "engine",
  ): Promise<{ readonly answered: number; readonly late: number }> {
    const server = createServer((_, response) => void setTimeout(() => response.end("well"), 15));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const seen = { answered: 0, late: 0 };
    const asks: EngineService = {
      name: "asks",
      start({ clock, signal }) {
        void (async () => {
          for (;;) {
            await clock.sleep(60_000, signal);
            if (signal.aborted) return;
            const over = new AbortController();
            const answer = fetch(`http://127.0.0.1:${port}`).then(async (response) => {
              await response.text();
              return "answered" as const;
            });
            seen[await Promise.race([answer, clock.sleep(10_000, over.signal).then(() => "late" as const)])]++;
            over.abort();
          }
        })();
      },
      stop: () => undefined,
    };
    const test = await createTestEngine({ dags: [], services: [asks], schedule: true, realWork });
    await test.advance("10m");
    await test.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    return seen;
  }

  test("holds up time only if that is asked for", async () => {
    expect(await askedFor("engine")).toEqual({ answered: 10, late: 0 });
    expect((await askedFor("attempts")).late).toBeGreaterThan(0);
  });

  test("what a store is still writing holds up time likewise", async () => {
    const hourly = dag(
      "hourly",
      { schedule: cron("@hourly"), startDate: "2026-10-22T12:00:00Z", catchup: true },
      (d) => {
        d.empty("done");
      },
    );
    const store = memoryStore();
    const commit = store.commit.bind(store);
    store.commit = async (...group) => {
      await new Promise((resolve) => setTimeout(resolve, 3));
      return commit(...group);
    };
    await using slow = await createTestEngine({ dags: [hourly], store, realWork: "engine" });
    await slow.advance("10h");
    const runs = await slow.engine.runs();
    expect(runs).toHaveLength(10);
    for (const { createdAt, endedAt, intervalEnd } of runs)
      expect([createdAt, endedAt]).toEqual([intervalEnd, intervalEnd]);
  });
});
