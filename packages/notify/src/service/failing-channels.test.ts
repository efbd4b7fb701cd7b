import { memoryDatabase } from "@millrace/core/plugin";
import { describe, expect, it } from "vitest";
import { notified, runOf, type Switch, switchDag } from "../../test/engine.ts";
import { recordingChannel } from "../../test/recording-channel.ts";
import { notifyError } from "../errors.ts";

const boom = (): Switch => ({ error: Object.assign(new TypeError("no luck with s3cr3t"), { code: "E_LUCK" }) });

describe("a channel that is down", () => {
  const down = notifyError("NOTIFY_UNREACHABLE", { where: "The webhook", why: "ECONNREFUSED" });

  it("keeps nobody waiting, is reported once, and gets what waited when it is up again", async () => {
    const state = boom();
    const ops = recordingChannel(down);
    await using test = await notified(
      [switchDag("sales", state)],
      { default: ["ops", "team"], dedupeWindow: "0s" },
      { ops },
    );
    await runOf(test, "sales");
    await test.advance("1h");
    await runOf(test, "sales");
    await test.settle();
    expect(test.team.titles).toHaveLength(2);
    expect(ops.messages).toEqual([]);
    expect(test.reports()).toEqual([
      "Channel 'ops' is down; 1 message(s) wait for it: The webhook could not be reached: ECONNREFUSED",
    ]);
    // Left alone for longer and longer: hardly an attempt in an hour.
    expect(ops.attempts).toBeLessThan(15);
    ops.fault = undefined;
    await test.advance("20m");
    expect(ops.messages).toEqual(test.team.messages);
    ops.fault = down;
    await runOf(test, "sales");
    await test.advance("10m");
    expect(test.reports()).toHaveLength(2);
    const page = test.engine.metrics.prometheus().split("\n");
    const about = (channel: string) => `millrace_service_messages_total{service="notify",channel="${channel}"`;
    expect(page).toContain(`${about("ops")},outcome="sent"} 2`);
    expect(page).toContain(`${about("ops")},outcome="failed"} ${ops.attempts - 2}`);
    expect(page).toContain(`${about("team")},outcome="sent"} 3`);
    expect(page).toContain('millrace_service_messages_waiting{service="notify",channel="ops"} 1');
  });

  it("does not keep the engine from closing, and gets what waited from the next one, once", async () => {
    const database = memoryDatabase();
    const state = boom();
    const ops = recordingChannel(down);
    {
      await using test = await notified([switchDag("sales", state)], { dedupeWindow: "0s" }, { database, ops });
      for (let run = 0; run < 3; run++) await runOf(test, "sales");
    }
    ops.fault = undefined;
    for (let life = 0; life < 2; life++) {
      await using test = await notified([switchDag("sales", state)], {}, { database, ops });
      await test.settle();
    }
    expect(ops.messages.map(({ runId }) => runId)).toHaveLength(3);
    expect(new Set(ops.messages.map(({ id }) => id)).size).toBe(3);
  });

  it("has as many wait as are allowed; the oldest are left out, and the next says how many", async () => {
    const database = memoryDatabase();
    const state = boom();
    const ops = recordingChannel(down);
    const options = { dedupeWindow: "0s", queueLimit: 3 } as const;
    {
      await using test = await notified([switchDag("sales", state)], options, { database, ops });
      for (let run = 0; run < 10; run++) await runOf(test, "sales");
      expect(test.reports().filter((text) => text.includes("dropped"))).toHaveLength(1);
    }
    ops.fault = undefined;
    await using test = await notified([switchDag("sales", state)], options, { database, ops });
    await test.settle();
    // The first was on its way already.
    expect(ops.messages.map(({ omitted = 0 }) => omitted)).toEqual([0, 6, 0, 0]);
    expect(await test.store.state.list("notify")).toHaveLength(1);
  });

  it("for longer than is waited loses its messages, and says so", async () => {
    const state = boom();
    const ops = recordingChannel(down);
    await using test = await notified([switchDag("sales", state)], { giveUpAfter: "1h" }, { ops });
    await runOf(test, "sales");
    await test.advance("3h");
    expect(test.reports().some((text) => text.includes("down for too long"))).toBe(true);
    ops.fault = undefined;
    await test.advance("1h");
    expect(ops.messages).toEqual([]);
  });

  it("is waited for as long as it asks", async () => {
    const state = boom();
    const busy = notifyError("NOTIFY_BUSY", { where: "The webhook", why: "429", retryAfterSeconds: 40 });
    const ops = recordingChannel(busy);
    await using test = await notified([switchDag("sales", state)], {}, { ops });
    await runOf(test, "sales");
    await test.advance("39s");
    expect(ops.attempts).toBe(1);
    ops.fault = undefined;
    await test.advance("1s");
    expect(ops.messages).toHaveLength(1);
  });

  it("that takes one message not takes the next", async () => {
    const state = boom();
    const ops = recordingChannel(notifyError("NOTIFY_MESSAGE_REFUSED", { where: "The webhook", why: "400" }));
    await using test = await notified([switchDag("sales", state)], { dedupeWindow: "0s" }, { ops });
    await runOf(test, "sales");
    ops.fault = undefined;
    await runOf(test, "sales");
    expect(ops.messages).toHaveLength(1);
    expect(test.reports()).toEqual([expect.stringContaining("dropped")]);
  });

  it("and hangs is given up after its time, and closing does not wait for it", async () => {
    const state = boom();
    let hangs = 0;
    const hanging = { send: () => new Promise<void>(() => void hangs++) };
    const { ops, ...test } = await notified([switchDag("sales", state)], {
      channels: { ops: hanging },
      sendTimeout: "5s",
    });
    await runOf(test, "sales");
    expect(hangs).toBe(1);
    await test.advance("30s");
    expect(hangs).toBe(3);
    expect(test.reports()).toEqual([expect.stringContaining("took longer than 5 s")]);
    await test.close();
  });

  it("shows nothing of what a channel of others throws", async () => {
    const state = boom();
    const ops = recordingChannel(new Error("https://hooks.example.com/s3cr3t"));
    await using test = await notified([switchDag("sales", state)], {}, { ops });
    await runOf(test, "sales");
    await test.advance("1m");
    expect(test.reports()).toEqual([expect.stringContaining("it threw Error")]);
  });
});
