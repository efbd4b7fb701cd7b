import { reschedule } from "../../src/authoring/signals.ts";
import { dag } from "../../src/index.ts";

/** How often each task's function was called, per element. */
export type Calls = Map<string, number>;

/** DAGs with something of everything, whose end does not depend on how often an attempt is made again. */
export function richDags(calls: Calls, now: () => number) {
  const call = (id: string, mapIndex = -1): number => {
    const name = mapIndex < 0 ? id : `${id}[${mapIndex}]`;
    const count = (calls.get(name) ?? 0) + 1;
    calls.set(name, count);
    return count;
  };

  const child = dag("child", {}, (d) => {
    const make = d.task("make", () => {
      call("make");
      return 7;
    });
    d.task("use", { input: make }, ({ input }) => {
      call("use");
      return input * 2;
    });
  });

  const parent = dag("parent", { defaults: { retries: { max: 3, delay: "10s", backoff: "fixed" } } }, (d) => {
    const open = d.task("open", { role: "setup" }, () => {
      call("open");
    });
    const list = d.task("list", ({ log }) => {
      call("list");
      log.info("listing");
      return [1, 2, 3];
    });
    list.after(open);
    const each = d.map("each", { over: list, maxActive: 2 }, ({ element, task }) => {
      if (call("each", task.mapIndex) === 1 && element === 2) throw new Error("the first look at 2 fails");
      return element * 10;
    });
    const sum = d.task("sum", { input: each }, ({ input }) => {
      call("sum");
      return input.reduce((a, b) => a + b, 0);
    });
    const flaky = d.task("flaky", async ({ state }) => {
      call("flaky");
      const soFar = ((await state.get("tries")) as number | undefined) ?? 0;
      await state.set("tries", soFar + 1);
      if (soFar < 2) throw new Error("not yet");
      return soFar;
    });
    const patient = d.task("patient", async ({ state }) => {
      call("patient");
      const until = (await state.get("until")) as number | undefined;
      if (until === undefined) {
        await state.set("until", now() + 60_000);
        throw reschedule(now() + 60_000);
      }
      if (now() < until) throw reschedule(until);
    });
    const ask = d.trigger("ask", { dagId: "child", wait: true });
    d.branch("pick", { input: { flaky, sum }, choices: ["left", "right"] }, () => {
      call("pick");
      return "left";
    });
    const left = d.task("left", () => {
      call("left");
    });
    d.task("right", () => {
      call("right");
    });
    const stream = d.task("stream", async ({ xcom }) => {
      call("stream");
      await xcom.pushStream("bytes", [Buffer.from("abc"), Buffer.from("def")] as unknown as AsyncIterable<Uint8Array>);
    });
    const hopeless = d.task("hopeless", { retries: 1 }, () => {
      call("hopeless");
      throw new Error("never");
    });
    const after = d.task("after", { input: hopeless }, () => undefined);
    const close = d.task("close", { role: "teardown", setups: open }, () => {
      call("close");
    });
    close.after(sum);
    d.task(
      "end",
      { triggerRule: "all_done", input: { ask, patient, stream, after, left } },
      async ({ input, xcom }) => {
        call("end");
        return { after: input.after ?? null, missing: (await xcom.pullAvailable("sum", ["none"])).missing };
      },
    );
  });
  return { parent, child };
}

/** What becomes of it, whatever happens to the store. */
export const richEnd = {
  open: "success",
  list: "success",
  each: "success",
  sum: "success",
  flaky: "success",
  patient: "success",
  ask: "success",
  pick: "success",
  left: "success",
  right: "skipped",
  stream: "success",
  hopeless: "failed",
  after: "upstream_failed",
  close: "success",
  end: "success",
} as const;
