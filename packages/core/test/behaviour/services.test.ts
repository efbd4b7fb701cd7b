import { describe, expect, test } from "vitest";
import { fileRequest } from "../../src/engine/requests/file-request.ts";
import type { EngineService } from "../../src/engine/service.ts";
import { dag } from "../../src/index.ts";
import { memoryDatabase, memoryStore } from "../../src/store/memory-store.ts";
import { gate, openEngine } from "../test-engine.ts";

const hello = dag("hello", {}, (d) => {
  d.task("t", () => "done");
});

/** A service that says what is done to it, and does what it is told. */
function service(
  name: string,
  told: string[],
  what: Partial<Pick<EngineService, "start" | "stop">> = {},
): EngineService {
  return {
    name,
    async start(host) {
      told.push(`${name} starts`);
      await what.start?.(host);
      told.push(`${name} works`);
    },
    async stop() {
      told.push(`${name} stops`);
      await what.stop?.();
    },
  };
}

describe("services of an engine", () => {
  test("measure under their names, as tasks do", async () => {
    const measures = service("mill", [], {
      start: ({ metrics }) => {
        const grain = metrics.counter("grain_total", { help: "Grain." });
        grain.add(2, { kind: "rye" });
        grain.add(Number.NaN, { kind: "rye" });
        expect(() => grain.add(1, { service: "x" })).toThrow(expect.objectContaining({ code: "METRIC_NAME_INVALID" }));
      },
    });
    const own = dag("own", {}, (d) => {
      d.task("t", ({ metrics }) => metrics.counter("asked_total").add(1, { service: "crm" }));
    });
    await using opened = await openEngine({ dags: [own], services: [measures] });
    await opened.clock.drive(opened.engine.start());
    await opened.clock.drive(opened.engine.run(own));
    const page = opened.engine.metrics.prometheus().split("\n");
    expect(page).toContain('millrace_service_grain_total{service="mill",kind="rye"} 2');
    expect(page).toContain("# HELP millrace_service_grain_total Grain.");
    expect(page).toContain('millrace_metric_values_refused_total{reason="not a number"} 1');
    expect(page).toContain('millrace_task_asked_total{dag="own",task="t",service="crm"} 1');
  });

  test("start in order with the engine, work with it, and stop in reverse before it closes", async () => {
    const told: string[] = [];
    let state = "";
    const works = service("works", told, {
      start: async ({ engine, signal }) => {
        expect(signal.aborted).toBe(false);
        signal.addEventListener("abort", () => told.push("the signal aborts"));
        state = (await engine.run(hello)).state;
      },
    });
    const opened = await openEngine({ dags: [hello], services: [service("first", told), works] });
    expect(told).toEqual([]);
    await opened.clock.drive(opened.engine.start());
    await opened.clock.drive(opened.engine.start());
    expect(state).toBe("success");
    await opened.clock.drive(opened.engine.close());
    expect(told).toEqual([
      "first starts",
      "first works",
      "works starts",
      "works works",
      "the signal aborts",
      "works stops",
      "first stops",
    ]);
  });

  test("one that does not start keeps the engine from starting; those before it are stopped, and so is it", async () => {
    const told: string[] = [];
    const broken = service("broken", told, {
      start: () => {
        throw new Error("no port is free");
      },
    });
    const services = [service("first", told), broken, service("never", told)];
    await using opened = await openEngine({ dags: [hello], services });
    await expect(opened.clock.drive(opened.engine.start())).rejects.toMatchObject({
      code: "SERVICE_START_FAILED",
      message: "The service 'broken' did not start: no port is free",
    });
    expect(told).toEqual(["first starts", "first works", "broken starts", "broken stops", "first stops"]);
    // What the engine does without services it still does.
    expect((await opened.run(hello)).state).toBe("success");
  });

  test("one that never has started is given up after 10 s", async () => {
    const hangs = service("hangs", [], { start: () => new Promise(() => undefined) });
    await using opened = await openEngine({ dags: [hello], services: [hangs] });
    const before = opened.clock.now();
    await expect(opened.clock.drive(opened.engine.start())).rejects.toMatchObject({
      code: "SERVICE_START_FAILED",
      cause: { code: "SERVICE_LATE" },
    });
    expect(opened.clock.now() - before).toBe(10_000);
  });

  test("one that stops late or not at all is left behind after 10 s, recorded, and the others are stopped", async () => {
    const told: string[] = [];
    const late = gate();
    const services = [
      service("first", told),
      service("late", told, { stop: () => late.opened }),
      service("throws", told, { stop: () => Promise.reject(new Error("stuck")) }),
    ];
    const opened = await openEngine({ dags: [hello], services });
    await opened.clock.drive(opened.engine.start());
    const before = opened.clock.now();
    await opened.clock.drive(opened.engine.close());
    expect(opened.clock.now() - before).toBe(10_000);
    expect(told.slice(-3)).toEqual(["throws stops", "late stops", "first stops"]);
    const failed = opened.events.filter(({ kind }) => kind === "service.failed");
    expect(failed.map(({ data }) => data)).toEqual([
      { service: "throws", message: "stuck" },
      { service: "late", message: "It took longer than 10 s to stop" },
    ]);
    late.open();
  });

  test("one that reports a failure goes on, and the failure is recorded", async () => {
    const reports = service("reports", [], { start: ({ report }) => report(new Error("a file was broken")) });
    await using opened = await openEngine({ dags: [hello], services: [reports] });
    await opened.clock.drive(opened.engine.start());
    await opened.clock.settle();
    expect(opened.events).toContainEqual(
      expect.objectContaining({ kind: "service.failed", data: { service: "reports", message: "a file was broken" } }),
    );
  });

  test("are not started by an engine that only runs one run, and then not stopped either", async () => {
    const told: string[] = [];
    const opened = await openEngine({ dags: [hello], services: [service("idle", told)] });
    await opened.run(hello);
    await opened.clock.drive(opened.engine.close());
    expect(told).toEqual([]);
  });
});

describe("what a service is given", () => {
  test("are the DAGs as they are, a way to write, and the ends of runs", async () => {
    const seen: unknown[] = [];
    const works: EngineService = {
      name: "works",
      async start({ dag: dagOf, engine, whenEnded, write, store }) {
        seen.push(dagOf("hello") === hello, dagOf("other"));
        const { runNo } = await engine.trigger(hello);
        seen.push((await whenEnded(runNo)).state, (await whenEnded(runNo)).state);
        await write({ kind: "putState", namespace: "works", key: "at", value: "1", at: 0 });
        seen.push(await store.state.get("works", "at"));
      },
      stop: () => undefined,
    };
    await using opened = await openEngine({ dags: [hello], services: [works] });
    await opened.clock.drive(opened.engine.start());
    expect(seen).toEqual([true, undefined, "success", "success", "1"]);
  });

  test("are requests of other processes, those too that were there before it started", async () => {
    const home = "/nowhere";
    const database = memoryDatabase();
    const starting = gate();
    const works: EngineService = {
      name: "works",
      async start({ answer }) {
        await starting.opened;
        answer("works.double", (payload) => {
          const { n } = payload as { n: unknown };
          if (typeof n !== "number") throw new Error("n is no number");
          return n * 2;
        });
        for (const name of ["works.double", "double", "works.double.twice", ""])
          expect(() => answer(name, () => 1)).toThrow(expect.objectContaining({ code: "REQUEST_NAME_INVALID" }));
      },
      stop: () => undefined,
    };
    await using opened = await openEngine({ dags: [], services: [works], store: memoryStore({ database }) });
    const { engine, clock } = opened;
    const client = memoryStore({ database });
    await client.open("client");
    const ask = (payload: object, operation = "works.double" as const) => {
      const asked = fileRequest({ operation, ...payload }, { store: client, home, clock, patienceMs: 5_000 });
      asked.catch(() => undefined);
      return asked;
    };
    const early = ask({ n: 21 });
    const started = engine.start();
    await clock.settle();
    await engine.answerRequests();
    expect((await client.requests.pending()).map(({ operation }) => operation)).toEqual(["works.double"]);
    starting.open();
    await clock.drive(started);
    expect(await clock.drive(early)).toBe(42);
    const wrong = ask({ n: "x" });
    const unknown = fileRequest({ operation: "works.triple" }, { store: client, home, clock, patienceMs: 5_000 });
    unknown.catch(() => undefined);
    await clock.settle();
    await engine.answerRequests();
    await expect(clock.drive(wrong)).rejects.toMatchObject({ code: "REQUEST_INVALID", message: /n is no number/ });
    await expect(clock.drive(unknown)).rejects.toMatchObject({ code: "REQUEST_INVALID" });
  });
});
