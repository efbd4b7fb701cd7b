import { dag } from "@millrace/core";
import { memoryDatabase } from "@millrace/core/plugin";
import { describe, expect, it } from "vitest";
import { notified, runOf, type Switch, switchDag } from "../../test/engine.ts";
import { recordingChannel } from "../../test/recording-channel.ts";
import { type NotifyOptions, notifyService } from "../index.ts";

const boom = (): Switch => ({ error: Object.assign(new TypeError("no luck with s3cr3t"), { code: "E_LUCK" }) });

describe("a notifier", () => {
  it("tells of a failed run with ids, times and the error's code, and of the first success after it", async () => {
    const state = boom();
    await using test = await notified([switchDag("sales", state)], { dedupeWindow: "0s" });
    await runOf(test, "sales");
    await test.advance("1h");
    await runOf(test, "sales");
    state.error = undefined;
    await test.advance("1h");
    await runOf(test, "sales");
    await runOf(test, "sales");
    expect(test.ops.titles).toEqual([
      "A run of 'sales' failed",
      "A run of 'sales' failed",
      "'sales' succeeds again after 2 failed runs",
    ]);
    const [failure, , recovery] = test.ops.messages;
    expect(failure).toMatchObject({ kind: "failure", dagId: "sales", at: Date.UTC(2026, 9, 22, 12) });
    expect(Object.fromEntries(failure.facts.map(({ name, value }) => [name, value]))).toEqual({
      Run: `${failure.runId} (manual)`,
      "Data interval": "2026-10-22T12:00:00Z",
      Started: "2026-10-22T12:00:00Z",
      Took: "0 ms",
      Failed: "work",
      Error: "E_LUCK",
    });
    expect(recovery.facts).toContainEqual({ name: "Failing since", value: "2026-10-22T12:00:00Z" });
    expect(recovery.facts).toContainEqual({ name: "For", value: "2 h 0 min" });
    expect(JSON.stringify(test.ops.messages)).not.toContain("luck with");
    expect(test.team.messages).toEqual([]);
  });

  it("tells the text of errors only when that is wanted, as one line", async () => {
    const state: Switch = { error: new Error("line one\r\nline two") };
    await using test = await notified([switchDag("sales", state)], { includeErrorMessage: true });
    await runOf(test, "sales");
    expect(test.ops.messages[0].facts).toContainEqual({ name: "Message", value: "line one line two" });
  });

  it("tells whom the DAG and its tasks name, of what they name", async () => {
    const failing = () => {
      throw new Error("x");
    };
    const dags = [
      dag("mine", { notify: { failure: "team", success: "ops" } }, (d) => {
        d.task("quiet", failing);
        d.task("loud", { notify: { task_failure: ["ops", "team"] } }, failing);
      }),
      dag("silent", { notify: false }, (d) => {
        d.task("loud", { retries: 1, retryDelay: "1s", notify: { retry: "team", task_failure: "team" } }, failing);
        d.task("quiet", failing);
      }),
      dag("good", { notify: { success: "team" } }, (d) => {
        d.task("fine", () => 1);
      }),
    ];
    await using test = await notified(dags);
    for (const { id } of dags) await runOf(test, id);
    expect(test.ops.titles).toEqual(["Task 'loud' of 'mine' failed"]);
    expect(test.team.titles).toEqual([
      "Task 'loud' of 'mine' failed",
      "A run of 'mine' failed",
      "Task 'loud' of 'silent' failed and is tried again",
      "Task 'loud' of 'silent' failed",
      "A run of 'good' succeeded",
    ]);
  });

  it("links to where more can be seen, ids made harmless", async () => {
    const state = boom();
    await using test = await notified([switchDag("sales", state)], { baseUrl: "https://ops.example.com/millrace/" });
    await test.run("sales", { runId: "a+b:c" });
    await test.settle();
    expect(test.ops.messages[0].link).toBe("https://ops.example.com/millrace/dags/sales/runs/a%2Bb%3Ac");
  });

  it("warns once of names without a channel, and goes on", async () => {
    const state = boom();
    const named = dag("named", { notify: { failure: ["oops", "team"] } }, (d) => {
      d.task("x", { notify: "nobody" }, () => {
        throw new Error("x");
      });
    });
    await using test = await notified([named, switchDag("sales", state)]);
    await runOf(test, "named");
    await runOf(test, "named");
    expect(test.reports()).toEqual([expect.stringContaining("no channel 'oops', 'nobody'")]);
    expect(test.reports()[0]).toContain("named");
    expect(test.team.titles).toEqual(["A run of 'named' failed"]);
  });

  it("begins on its first start with what happens from then on", async () => {
    const database = memoryDatabase();
    const state = boom();
    {
      await using test = await notified([switchDag("sales", state)], {}, { database, services: [] });
      await test.run("sales");
    }
    await using test = await notified([switchDag("sales", state)], {}, { database });
    await test.settle();
    expect(test.ops.messages).toEqual([]);
    await runOf(test, "sales");
    expect(test.ops.messages).toHaveLength(1);
  });

  it("goes on where it stopped: what happened while it was away is told, what was told is not", async () => {
    const database = memoryDatabase();
    const state = boom();
    const dags = () => [switchDag("sales", state)];
    const ops = recordingChannel();
    {
      await using test = await notified(dags(), {}, { database, ops });
      await runOf(test, "sales");
    }
    expect(ops.messages).toHaveLength(1);
    {
      // An engine without a notifier.
      await using test = await notified(dags(), {}, { database, services: [] });
      state.error = undefined;
      await test.run("sales");
    }
    await using test = await notified(dags(), {}, { database, ops });
    await test.settle();
    expect(ops.titles).toEqual(["A run of 'sales' failed", "'sales' succeeds again after 1 failed run"]);
  });
});

describe("the same about the same", () => {
  it("is told once within the window, then how often it has happened since", async () => {
    const state = boom();
    await using test = await notified([switchDag("sales", state), switchDag("stock", state)]);
    for (let run = 0; run < 15; run++) await runOf(test, "sales");
    await runOf(test, "stock");
    expect(test.ops.titles).toEqual(["A run of 'sales' failed", "A run of 'stock' failed"]);
    await test.advance("10m");
    expect(test.ops.titles.slice(2)).toEqual(["A run of 'sales' failed: and 14 more since 2026-10-22T12:00:00Z"]);
    expect(test.ops.messages[2]).toMatchObject({ kind: "failure", dagId: "sales", repeats: 14 });
    // The window goes on while it goes on; it ends when it has ended.
    await runOf(test, "sales");
    expect(test.ops.messages).toHaveLength(3);
    await test.advance("10m");
    expect(test.ops.titles[3]).toBe("A run of 'sales' failed: and 1 more since 2026-10-22T12:10:00Z");
    await test.advance("30m");
    expect(test.ops.messages).toHaveLength(4);
    await runOf(test, "sales");
    expect(test.ops.titles[4]).toBe("A run of 'sales' failed");
  });

  it("is counted over restarts", async () => {
    const database = memoryDatabase();
    const state = boom();
    const ops = recordingChannel();
    for (let life = 0; life < 3; life++) {
      await using test = await notified([switchDag("sales", state)], {}, { database, ops });
      await runOf(test, "sales");
    }
    expect(ops.titles).toEqual(["A run of 'sales' failed"]);
    await using test = await notified([switchDag("sales", state)], {}, { database, ops });
    await test.advance("10m");
    expect(ops.titles[1]).toMatch(/and 2 more/);
  });

  it("is news again once people know that it was well", async () => {
    const state = boom();
    const { error } = state;
    await using test = await notified([switchDag("sales", state)]);
    for (const now of [error, undefined, error, undefined, error]) {
      state.error = now;
      await runOf(test, "sales");
    }
    // The second recovery is the same within its window, so that which is flapping does not make two messages each time.
    expect(test.ops.titles).toEqual([
      "A run of 'sales' failed",
      "'sales' succeeds again after 1 failed run",
      "A run of 'sales' failed",
    ]);
    await test.advance("10m");
    expect(test.ops.titles.slice(3).toSorted()).toEqual([
      "'sales' succeeds again after 1 failed run: and 1 more since 2026-10-22T12:00:00Z",
      "A run of 'sales' failed: and 1 more since 2026-10-22T12:00:00Z",
    ]);
  });
});

describe("what is stored", () => {
  it.each(["{", '{"v":2}', '{"v":1,"seq":-1,"streaks":[],"windows":[]}', "null"])(
    "as %s is told to be broken, and the notifier begins from now",
    async (broken) => {
      const database = memoryDatabase();
      const state = boom();
      const ops = recordingChannel();
      {
        await using test = await notified([switchDag("sales", state)], {}, { database, ops });
        await runOf(test, "sales");
        const at = test.clock.now();
        const message = { kind: "putState", namespace: "notify", key: "out/ops/1", value: broken, at } as const;
        await test.store.commit([message]);
        await test.close();
      }
      {
        await using test = await notified([], {}, { database, services: [] });
        await test.store.commit([{ kind: "putState", namespace: "notify", key: "ledger", value: broken, at: 0 }]);
      }
      await using test = await notified([switchDag("sales", state)], {}, { database, ops });
      await test.settle();
      expect(ops.messages).toHaveLength(1);
      expect(test.reports()).toHaveLength(2);
      for (const text of test.reports()) expect(text).toContain("cannot be read");
      await runOf(test, "sales");
      expect(ops.messages).toHaveLength(2);
    },
  );

  it("for a channel that is no more is removed, and said", async () => {
    const database = memoryDatabase();
    const state = boom();
    {
      const ops = recordingChannel(new Error("down"));
      await using test = await notified([switchDag("sales", state)], {}, { database, ops });
      await runOf(test, "sales");
    }
    await using test = await notified(
      [switchDag("sales", state)],
      { channels: { other: recordingChannel() }, default: "other" },
      { database },
    );
    await test.settle();
    expect(test.reports()).toEqual([expect.stringContaining("no such channel any more (1)")]);
    expect((await test.store.state.list("notify")).map(({ key }) => key)).toEqual(["ledger"]);
  });
});

describe("a notifier without an engine", () => {
  it("sends tests, and says what became of them", async () => {
    const [ops, team] = [recordingChannel(), recordingChannel(new Error("down"))];
    const service = notifyService({ channels: { ops, team } });
    expect(await service.test()).toMatchObject([
      { channel: "ops", ok: true },
      { channel: "team", ok: false, error: new Error("down") },
    ]);
    expect(ops.messages).toMatchObject([{ kind: "test", title: "This is a test of channel 'ops'" }]);
    expect(await service.test("ops")).toHaveLength(1);
    await expect(service.test("nobody")).rejects.toMatchObject({ code: "NOTIFY_OPTION_INVALID" });
  });

  it("is fit when all its channels are", async () => {
    const signal = new AbortController().signal;
    const good = { ...recordingChannel(), check: async () => undefined };
    const bad = { ...recordingChannel(), check: async () => Promise.reject(new Error("s3cr3t")) };
    expect(await notifyService({ channels: { good, plain: recordingChannel() } }).check?.({ signal })).toEqual([
      "Channels: good, plain",
    ]);
    await expect(notifyService({ channels: { good, bad } }).check?.({ signal })).rejects.toMatchObject({
      code: "NOTIFY_CHANNEL_UNFIT",
      message: "Channel 'bad' could send nothing: it threw Error",
    });
  });

  const ops = recordingChannel();
  it.each<[string, unknown, string]>([
    ["no channels", {}, "channels"],
    ["a channel that is none", { channels: { ops: {} } }, "channels.ops"],
    ["a name that is none", { channels: { "a b": ops } }, "channels"],
    ["a default that is not there", { channels: { ops }, default: "team" }, "default"],
    ["a kind that is none", { channels: { ops }, events: ["failures"] }, "events"],
    ["a window that is none", { channels: { ops }, dedupeWindow: "soon" }, "dedupeWindow"],
    ["no time to send", { channels: { ops }, sendTimeout: "0s" }, "sendTimeout"],
    ["no room", { channels: { ops }, queueLimit: 0 }, "queueLimit"],
    ["a base that is none", { channels: { ops }, baseUrl: "javascript:alert(1)" }, "baseUrl"],
    ["a base with a password", { channels: { ops }, baseUrl: "https://a:b@c.example" }, "baseUrl"],
    ["a name with a slash", { channels: { ops }, name: "a/b" }, "name"],
  ])("is not made with %s", (_, options, option) => {
    expect(() => notifyService(options as NotifyOptions)).toThrow(
      expect.objectContaining({ code: "NOTIFY_OPTION_INVALID", values: expect.objectContaining({ option }) }),
    );
  });
});
