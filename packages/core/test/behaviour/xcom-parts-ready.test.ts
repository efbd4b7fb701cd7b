import { expect, test, vi } from "vitest";
import type { EngineNotice } from "../../src/engine/create-engine.ts";
import { closeXComParts, openXComParts } from "../../src/engine/xcom-parts.ts";
import { coreError } from "../../src/errors.ts";
import { dag } from "../../src/index.ts";
import { memoryStore } from "../../src/store/memory-store.ts";
import type { XComChooser, XComStage } from "../../src/xcom/parts.ts";
import { ManualClock } from "../manual-clock.ts";
import { openEngine } from "../test-engine.ts";
import { doubling } from "../xcom/streaming-parts.ts";

const hello = dag("hello", {}, (d) => void d.task("t", () => "done"));

/** A stage that says what is done to it. */
function told(name: string, list: string[], what: Partial<XComStage> = {}): XComStage {
  return {
    ...doubling(),
    name,
    marker: `_xcom_${name}`,
    ...what,
    async open() {
      list.push(`${name} opens`);
      return (await what.open?.()) ?? [];
    },
    async close() {
      list.push(`${name} closes`);
      await what.close?.();
    },
  };
}

test("every part is made ready once before anything runs, and lets go after everything has ended", async () => {
  const list: string[] = [];
  const notices: EngineNotice[] = [];
  const inner = told("inner", list, { open: async () => ["The key is 100 days old."] });
  const chooser: XComChooser = {
    kind: "chooser",
    name: "chooser",
    marker: "_xcom_chooser",
    parts: [inner],
    choose: async () => ({ parts: [inner], envelope: { _xcom_chooser: true } }),
  };
  const opened = await openEngine({
    dags: [hello],
    xcom: { backend: [chooser], readers: [told("reader", list)] },
    onNotice: (notice) => notices.push(notice),
  });
  expect(list.sort()).toEqual(["inner opens", "reader opens"]);
  await opened.clock.drive(opened.engine.start());
  await opened.run(hello);
  expect(list).toHaveLength(2);
  expect(notices).toEqual([{ part: "inner", message: "The key is 100 days old." }]);
  await opened[Symbol.asyncDispose]();
  expect(list.slice(2).sort()).toEqual(["inner closes", "reader closes"]);
});

test("an engine without DAGs makes them ready when it starts: what it is opened for may need no value", async () => {
  const list: string[] = [];
  let isReady = false;
  const part = told("late", list, {
    open: async () => {
      if (!isReady) throw coreError("XCOM_NOT_FOUND", {});
      return [];
    },
  });
  await using opened = await openEngine({ dags: [], xcom: { backend: [part] } });
  expect(list).toEqual([]);
  await expect(opened.engine.start()).rejects.toMatchObject({ code: "XCOM_NOT_FOUND" });
  isReady = true;
  await opened.clock.drive(opened.engine.start());
  expect(list).toEqual(["late opens", "late opens"]);
});

test.for([
  ["throws", async () => Promise.reject(new Error("no such folder")), "no such folder", 0],
  ["hangs", () => new Promise<never>(() => undefined), "it took longer than 30.0 s", 30_000],
] as const)(
  "a part that %s keeps the engine from being made, and the store is free again",
  async ([, open, why, ms]) => {
    const list: string[] = [];
    const clock = new ManualClock();
    const store = memoryStore();
    const began = clock.now();
    const opening = openEngine({
      dags: [hello],
      clock,
      store,
      xcom: { backend: [told("good", list), told("bad", list, { open })] },
    });
    await expect(opening).rejects.toMatchObject({ code: "XCOM_PART_NOT_READY", values: { part: "bad", why } });
    expect(clock.now() - began).toBe(ms);
    expect(list.filter((line) => line.endsWith("closes"))).toHaveLength(2);
    await expect(store.open("engine")).rejects.toMatchObject({ code: "STORE_CLOSED" });
  },
);

test("a notice that nobody listens for is a warning of the process", async () => {
  const warn = vi.spyOn(process, "emitWarning").mockReturnValue();
  const part = told("old", [], { open: async () => ["The key is old."] });
  await using _ = await openEngine({ dags: [hello], xcom: { backend: [part] } });
  expect(warn.mock.calls).toEqual([["XCom part 'old': The key is old.", "MillraceWarning"]]);
  warn.mockRestore();
});

test("a part that does not let go, or fails to, is passed over after 10 s", async () => {
  const clock = new ManualClock();
  const list: string[] = [];
  const hangs = told("hangs", list, { close: () => new Promise(() => undefined) });
  const throws = told("throws", list, { close: () => Promise.reject(new Error("stuck")) });
  const began = clock.now();
  await clock.drive(closeXComParts([hangs, throws, told("good", list)], { clock }));
  expect([clock.now() - began, list.length]).toEqual([10_000, 3]);
});

test("what a part says is taken as text, and only so much of it", async () => {
  const talks = told("talks", [], { open: async () => Array.from({ length: 1_000 }, (_, at) => `${at}`) });
  expect(await openXComParts([talks])).toHaveLength(100);
  const strange = told("strange", [], { open: async () => "text" as never });
  expect(await openXComParts([strange])).toEqual([]);
});

test("a part that only reads keeps nobody from working: that it is not ready is a notice, what else it says is nobody's concern", async () => {
  const notices: EngineNotice[] = [];
  const list: string[] = [];
  const lost = {
    ...told("lost", list, { open: async () => Promise.reject(new Error("no key")) }),
    marker: "_xcom_lost",
  };
  const talks = { ...told("talks", list, { open: async () => ["My key is old."] }), marker: "_xcom_talks" };
  await using opened = await openEngine({
    dags: [hello],
    xcom: { backend: [told("good", list)], readers: [lost, talks] },
    onNotice: (notice) => notices.push(notice),
  });
  expect((await opened.run(hello)).state).toBe("success");
  expect(notices).toEqual([
    {
      part: "lost",
      message: expect.stringMatching(/^Until it is ready, what it once wrote cannot be read\. .*no key/),
    },
  ]);
});
