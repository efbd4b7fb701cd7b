import { describe, expect, test } from "vitest";
import type { EngineService } from "../../src/engine/service.ts";
import { dag } from "../../src/index.ts";
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
