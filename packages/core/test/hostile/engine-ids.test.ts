import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Engine } from "../../src/engine/engine.ts";
import { isMillraceError } from "../../src/errors.ts";
import { dag } from "../../src/index.ts";
import { ManualClock } from "../manual-clock.ts";
import { openEngine, type TestEngine } from "../test-engine.ts";
import { hostileTexts, isSafeToShow, named, notText } from "./hostile-values.ts";

/** What a method does with something given: it must refuse that by a code. */
type Call = (engine: Engine, hostile: never) => unknown;

const runId = "there";
const hello = dag("hello", {}, (d) => {
  d.task("name", () => "Ada");
});

/** By method, every place where text from outside can stand. One that takes none says why. */
const places: Readonly<Record<string, Readonly<Record<string, Call>> | string>> = {
  run: {
    dag: (engine, id) => engine.run(id),
    runId: (engine, id) => engine.run("hello", { runId: id }),
    idempotencyKey: (engine, id) => engine.run("hello", { idempotencyKey: id }),
  },
  trigger: {
    dag: (engine, id) => engine.trigger(id),
    runId: (engine, id) => engine.trigger("hello", { runId: id }),
    idempotencyKey: (engine, id) => engine.trigger("hello", { idempotencyKey: id }),
    logicalDate: (engine, id) => engine.trigger("hello", { logicalDate: id }),
  },
  replaceDags: {
    put: (engine, id) => engine.replaceDags({ put: [id] }),
    remove: (engine, id) => engine.replaceDags({ remove: [id] }),
  },
  pause: { dag: (engine, id) => engine.pause(id) },
  unpause: { dag: (engine, id) => engine.unpause(id) },
  clear: {
    dag: (engine, id) => engine.clear(id, runId),
    runId: (engine, id) => engine.clear("hello", id),
    task: (engine, id) => engine.clear("hello", runId, { tasks: [id] }),
    state: (engine, id) => engine.clear("hello", runId, { states: [id] }),
  },
  retry: { dag: (engine, id) => engine.retry(id, runId), runId: (engine, id) => engine.retry("hello", id) },
  mark: {
    dag: (engine, id) => engine.mark(id, runId, "failed"),
    runId: (engine, id) => engine.mark("hello", id, "failed"),
    state: (engine, id) => engine.mark("hello", runId, id),
    task: (engine, id) => engine.mark("hello", runId, "failed", { tasks: [id] }),
  },
  clearXComs: {
    dag: (engine, id) => engine.clearXComs(id, runId),
    runId: (engine, id) => engine.clearXComs("hello", id),
    task: (engine, id) => engine.clearXComs("hello", runId, { task: id }),
    key: (engine, id) => engine.clearXComs("hello", runId, { keys: [id] }),
  },
  collectXComs: {
    dag: (engine, id) => engine.collectXComs({ scope: { dagId: id } }),
    runId: (engine, id) => engine.collectXComs({ scope: { dagId: "hello", runId: id } }),
    task: (engine, id) => engine.collectXComs({ scope: { dagId: "hello", runId, taskId: id } }),
  },
  setCatchup: {
    dag: (engine, id) => engine.setCatchup(id, true),
    since: (engine, id) => engine.setCatchup("hello", { since: id }),
    window: (engine, id) => engine.setCatchup("hello", { window: id }),
  },
  setPool: { pool: (engine, id) => engine.setPool(id, 3) },
  cancel: { dag: (engine, id) => engine.cancel(id, runId), runId: (engine, id) => engine.cancel("hello", id) },
  signal: { event: (engine, id) => engine.signal(id) },
  observe: { dag: (engine, id) => engine.observe(() => undefined, { dagId: id }) },
  follow: { dag: (engine, id) => engine.follow({ dagId: id }).next() },
  runs: { dag: (engine, id) => engine.runs({ dagId: id }), state: (engine, id) => engine.runs({ states: [id] }) },
  tasks: { dag: (engine, id) => engine.tasks(id, runId), runId: (engine, id) => engine.tasks("hello", id) },
  xcom: {
    dag: (engine, id) => engine.xcom(id, runId, "name"),
    runId: (engine, id) => engine.xcom("hello", id, "name"),
    task: (engine, id) => engine.xcom("hello", runId, id),
    key: (engine, id) => engine.xcom("hello", runId, "name", { key: id }),
  },
  renewXComs: "takes what the page before ended with; it names nothing",
  events: "takes numbers only",
  start: "takes nothing",
  drain: "takes nothing",
  whenStopped: "takes nothing",
  answerRequests: "takes nothing; what stands in the store is read by parseRequest",
  dagIds: "takes nothing",
  metrics: "takes nothing",
  health: "takes nothing",
  close: "takes nothing",
};

/** Keys of XComs, of requests and names of events may be any text that is safe to show and to store. */
const mayBeAnyText = /^(?:xcom key|clearXComs key|signal event|(?:run|trigger) idempotencyKey)$/;
const paths = ["..", "../x", "a/../../b", "a\\..\\b", "/etc/passwd", "C:\\x", "__proto__/x", "x".repeat(300)];
const harmless = new Set(["..%2f", "%252e", "trailing dot.", "trailing space ", " ", "cafe\u0301", "🙂", "$(reboot)"]);
const harmlessInKeys = new Set([...harmless, "'; drop table run; --", "<script>"]);

let opened: TestEngine;
beforeAll(async () => {
  opened = await openEngine({ dags: [hello], clock: new ManualClock() });
  await opened.run(hello, { runId });
});
afterAll(() => opened[Symbol.asyncDispose]());

async function contents(): Promise<unknown> {
  const { store } = opened;
  return {
    events: await store.events.last(),
    pools: await store.pools.list(),
    runs: (await store.runs.list({})).map(({ runId: id }) => id),
    dags: (await store.dags.list()).map(({ dagId, paused }) => [dagId, paused]),
  };
}

test("every public method of the engine is in the table", () => {
  const methods = Object.getOwnPropertyNames(Engine.prototype).filter((name) => name !== "constructor");
  expect(Object.keys(places).sort()).toEqual(methods.sort());
});

const calls = Object.entries(places).flatMap(([method, of]) =>
  typeof of === "string" ? [] : Object.entries(of).map(([place, call]) => [`${method} ${place}`, call] as const),
);

describe("what cannot be an id, a key or a name", () => {
  test.each(calls)("is refused by a code and changes nothing: %s", async (name, call) => {
    const before = await contents();
    const wrong: string[] = [];
    for (const hostile of [...hostileTexts, ...notText]) {
      if (mayBeAnyText.test(name) && harmlessInKeys.has(hostile as string)) continue;
      // Nobody makes a path of these.
      if (/signal|idempotencyKey/.test(name) && paths.includes(hostile as string)) continue;
      // Null stands for "none" where an id may be left out.
      if (hostile === null && /idempotencyKey/.test(name)) continue;
      try {
        await opened.clock.drive(Promise.resolve(call(opened.engine, hostile as never)));
        wrong.push(`${named(hostile)} was taken`);
      } catch (error) {
        if (!isMillraceError(error)) wrong.push(`${named(hostile)}: ${String(error)}`);
        else if (error.code.startsWith("ENGINE_")) wrong.push(`${named(hostile)}: ended the engine`);
        else if (!isSafeToShow(`${error.message}\n${error.cure}`)) wrong.push(`${named(hostile)}: unsafe message`);
      }
    }
    expect(wrong).toEqual([]);
    expect(await contents()).toEqual(before);
  });
});
