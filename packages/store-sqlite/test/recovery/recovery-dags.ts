import { type Dag, dag, every, type TaskContext } from "@millrace/core";
import { awaitEvent, reschedule } from "@millrace/core/plugin";

/** Where a task does what the world can see: called once by each attempt that gets so far. */
export type Effect = (context: Pick<TaskContext, "dag" | "run" | "task" | "attempt">) => void;

/** A moment of real time, which is what attempts of a real process take. */
const moment = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });

/** How long the interval of a run of `ticking` is. */
export const tickMs = 200;

/**
 * DAGs with something of everything, whose ends do not depend on how often an attempt is made again.
 *
 * @param start - when the schedule of `ticking` begins
 */
export function recoveryDags(effect: Effect, start = 0): Dag[] {
  const schedule = { schedule: every(`${tickMs}ms`), startDate: new Date(start).toISOString(), catchup: true } as const;
  const ticking = dag("ticking", { ...schedule, maxActiveRuns: 3 }, (d) => {
    d.task("tick", effect);
  });

  const child = dag("child", {}, (d) => {
    const make = d.task("make", (context) => {
      effect(context);
      return 7;
    });
    d.task("use", { input: make }, (context) => {
      effect(context);
      return context.input * 2;
    });
  });

  const wide = dag("wide", { maxActiveRuns: 2, maxActiveTasks: 3 }, (d) => {
    const first = d.task("first", effect);
    const middle = Array.from({ length: 8 }, (_, number) =>
      d
        .task(
          `middle_${number}`,
          { pool: "narrow", poolSlots: (number % 2) + 1, ...(number < 4 ? { maxActivePerDag: 1 } : {}) },
          async (context) => {
            await Promise.resolve();
            effect(context);
            return number;
          },
        )
        .after(first),
    );
    d.task("last", { input: middle }, (context) => {
      effect(context);
      return context.input.reduce((a, b) => a + b, 0);
    });
  });

  const mixed = dag("mixed", { defaults: { retries: { max: 2, delay: "20ms", backoff: "fixed" } } }, (d) => {
    const open = d.task("open", { role: "setup" }, effect);
    const list = d.task("list", (context) => {
      effect(context);
      return [1, 2, 3, 4];
    });
    list.after(open);
    const each = d.map("each", { over: list, maxActive: 2 }, (context) => {
      effect(context);
      return "x".repeat(context.element * 700);
    });
    const sizes = d.task("sizes", { input: each }, (context) => {
      effect(context);
      return context.input.map(({ length }) => length);
    });
    const flaky = d.task("flaky", async (context) => {
      const tries = ((await context.state.get("tries")) as number | undefined) ?? 0;
      await context.state.set("tries", tries + 1);
      await context.xcom.push("try", tries);
      if (tries < 1) throw new Error("not yet");
      effect(context);
    });
    const patient = d.task("patient", async (context) => {
      if ((await context.state.get("seen")) === undefined) {
        await context.state.set("seen", true);
        throw reschedule(Date.now() + 30);
      }
      effect(context);
    });
    const told = d.task("told", async (context) => {
      if ((await context.state.get("asked")) === undefined) {
        await context.state.set("asked", true);
        throw awaitEvent(`go:${context.run.id}`);
      }
      effect(context);
    });
    const slow = d.task("slow", async (context) => {
      await moment(60, context.signal);
      effect(context);
    });
    const ask = d.trigger("ask", { dagId: "child", wait: true });
    d.branch("pick", { input: { flaky, sizes }, choices: ["left", "right"] }, () => "left");
    const left = d.task("left", effect);
    d.task("right", effect);
    const close = d.task("close", { role: "teardown", setups: open }, effect);
    close.after(sizes);
    d.task("end", { triggerRule: "all_done" }, (context) => {
      effect(context);
      return "y".repeat(5_000);
    }).after(ask, patient, told, slow, left);
  });

  const quick = dag("quick", {}, (d) => {
    const one = d.task("one", effect);
    const two = d.task("two", (context) => {
      effect(context);
      return "z".repeat(3_000);
    });
    const three = d.task("three", effect);
    d.chain(one, two, three);
  });

  const hopeless = dag("hopeless", {}, (d) => {
    const failing = d.task("failing", () => {
      throw new Error("never");
    });
    d.task("behind", { input: failing }, effect);
  });

  return [child, wide, mixed, quick, hopeless, ticking];
}

/** How every run of a DAG ends, whatever became of the processes that made it. */
export const endOf: Readonly<Record<string, "success" | "failed">> = {
  child: "success",
  wide: "success",
  mixed: "success",
  quick: "success",
  hopeless: "failed",
  versioned: "success",
  ticking: "success",
};
