import { readFileSync } from "node:fs";
import parsePrometheus from "parse-prometheus-text-format";
import { describe, expect, test } from "vitest";
import type { Engine } from "../../src/engine/engine.ts";
import { dag } from "../../src/index.ts";
import { metricTable } from "../../src/observe/metrics/metric-table.ts";
import { servicePrefix, taskPrefix } from "../../src/observe/metrics/task-metric-sink.ts";
import { reschedule } from "../../src/plugin.ts";
import { memoryDatabase, memoryStore } from "../../src/store/memory-store.ts";
import { faultyStore } from "../faulty-store.ts";
import { ManualClock } from "../manual-clock.ts";
import { gate, openEngine } from "../test-engine.ts";

/** Values of one metric on the page, by their labels; of a histogram how many values it has. */
function read(engine: Engine, name: string): Record<string, string> {
  const page = engine.metrics.prometheus();
  // The parser forgets the labels of histograms: their lines are read as metrics of their own.
  const isHistogram = page.includes(`# TYPE ${name} histogram`);
  const families = parsePrometheus(page.replace(/^# TYPE \w+ histogram$/gm, "")).filter(
    (metric) => metric.name === (isHistogram ? `${name}_count` : name),
  );
  return Object.fromEntries(
    families
      .flatMap(({ metrics }) => metrics)
      .map(({ labels = {}, value }) => [
        Object.entries(labels)
          .map(([label, text]) => `${label}=${text}`)
          .join(","),
        value ?? "",
      ]),
  );
}

const busy = dag("busy", { defaults: { retries: { max: 1, delay: "10s", backoff: "fixed" } } }, (d) => {
  const first = d.task("first", ({ attempt, log }) => {
    for (let n = 0; n < 10_005; n++) log.info("line");
    if (attempt === 1) throw new Error("again");
    return "abc";
  });
  const each = d.map("each", { over: [1, 2, 3] }, ({ element }) => element).after(first);
  const poke = d.task("poke", async ({ state }) => {
    if ((await state.get("poked")) === true) return;
    await state.set("poked", true);
    throw reschedule(Date.UTC(2026, 9, 22, 13));
  });
  poke.after(each);
  const fails = d.task("fails", { retries: 0 }, () => {
    throw new Error("no");
  });
  fails.after(poke);
  d.task("never", () => 1).after(fails);
});

describe("what an engine counts", () => {
  test("runs, tasks, attempts, retries, XComs and lines of a run, each once", async () => {
    await using opened = await openEngine({ dags: [busy] });
    const { engine } = opened;
    const result = await opened.run(busy);
    expect(result.state).toBe("failed");
    expect(read(engine, "millrace_runs_total")).toEqual({ "dag=busy,state=failed": "1" });
    expect(read(engine, "millrace_run_duration_seconds")).toEqual({ "dag=busy": "1" });
    expect(read(engine, "millrace_tasks_total")).toEqual({
      "dag=busy,state=success": "5",
      "dag=busy,state=failed": "1",
      "dag=busy,state=upstream_failed": "1",
    });
    expect(read(engine, "millrace_attempts_total")).toEqual({ "dag=busy": "7" });
    // One more than attempts: the one that was rescheduled was made in two pieces.
    expect(read(engine, "millrace_attempt_duration_seconds")).toEqual({ "dag=busy": "8" });
    expect(read(engine, "millrace_retries_total")).toEqual({ "dag=busy": "1" });
    expect(read(engine, "millrace_lost_attempts_total")).toEqual({ "dag=busy": "0" });
    expect(read(engine, "millrace_first_task_delay_seconds")).toEqual({ "dag=busy": "1" });
    // "abc" with its quotes, and three digits.
    expect(read(engine, "millrace_xcom_written_bytes_total")).toEqual({ "dag=busy": "8" });
    expect(read(engine, "millrace_log_lines_dropped_total")).toEqual({ "dag=busy": "10" });
    expect(engine.metrics.prometheus()).toMatch(/millrace_run_duration_seconds_sum\{dag="busy"\} 3600\n/);
  });

  test.for([2, 3, 4, 5])("nothing twice and nothing less when every %ith commit fails", async (every) => {
    const clean = await openEngine({ dags: [busy] });
    await clean.run(busy);
    const names = ["runs", "tasks", "attempts", "retries"].map((name) => `millrace_${name}_total`);
    names.push("millrace_first_task_delay_seconds", "millrace_attempt_duration_seconds");
    const faulty = faultyStore(memoryStore());
    await using opened = await openEngine({ dags: [busy], store: faulty.store });
    const before = faulty.commits;
    faulty.plan = { commit: (call) => ((call - before) % every === 0 ? "refused" : "none") };
    await opened.run(busy);
    for (const name of names) expect(read(opened.engine, name)).toEqual(read(clean.engine, name));
    const failures = Number(read(opened.engine, "millrace_commit_failures_total")[""]);
    expect(failures).toBeGreaterThan(2);
    expect(Number(read(opened.engine, "millrace_commit_duration_seconds")[""])).toBe(
      faulty.commits - before - failures,
    );
    expect(Number(read(opened.engine, "millrace_commit_changes")[""])).toBe(faulty.commits - before - failures);
    await clean[Symbol.asyncDispose]();
  });

  test("an attempt whose engine died is lost, and its run has begun before", async () => {
    const database = memoryDatabase();
    const hangs = dag("hangs", {}, (d) => {
      d.task("a", ({ attempt }) => (attempt === 1 ? new Promise(() => undefined) : 1));
    });
    const clock = new ManualClock();
    const first = await openEngine({ dags: [hangs], store: memoryStore({ database }), clock });
    await clock.drive(first.engine.trigger(hangs));
    await clock.settle();
    database.crash();
    await using second = await openEngine({ dags: [hangs], store: memoryStore({ database }), clock });
    await clock.drive(second.engine.start());
    await clock.advance(60_000);
    expect(read(second.engine, "millrace_lost_attempts_total")).toEqual({ "dag=hangs": "1" });
    expect(read(second.engine, "millrace_tasks_total")).toEqual({ "dag=hangs,state=success": "1" });
    expect(read(second.engine, "millrace_first_task_delay_seconds")).toEqual({ "dag=hangs": "0" });
  });

  test("a run that is rebuilt while it waits for its first task still counts its delay", async () => {
    const open = gate();
    const holds = dag("holds", {}, (d) => void d.task("a", { pool: "one" }, () => open.opened));
    const waits = dag("waits", {}, (d) => void d.task("a", { pool: "one" }, () => 1));
    const faulty = faultyStore(memoryStore());
    await using opened = await openEngine({ dags: [holds, waits], pools: { one: 1 }, store: faulty.store });
    const { engine, clock } = opened;
    const ends = [engine.run(holds), engine.run(waits)];
    await clock.settle();
    const before = faulty.commits;
    faulty.plan = { commit: (call) => (call === before + 1 ? "refused" : "none") };
    await clock.drive(engine.signal("something to write"));
    open.open();
    await clock.drive(Promise.all(ends));
    expect(read(engine, "millrace_commit_failures_total")).toEqual({ "": "1" });
    expect(read(engine, "millrace_first_task_delay_seconds")).toEqual({ "dag=holds": "1", "dag=waits": "1" });
  });

  test("what is under way is read when it is asked for", async () => {
    const open = gate();
    const slow = dag("slow", {}, (d) => {
      const one = d.task("one", () => open.opened);
      d.map("each", { over: [1, 2, 3], pool: "narrow" }, () => open.opened);
      d.task("waits", { retries: 1 }, () => {
        throw new Error("later");
      });
      d.task("after", () => 1).after(one);
    });
    await using opened = await openEngine({ dags: [slow], pools: { narrow: 2 }, concurrency: 10 });
    const { engine, clock } = opened;
    const ended = engine.run(slow);
    await clock.settle();
    expect(read(engine, "millrace_active_runs")).toEqual({ "": "1" });
    expect(read(engine, "millrace_running_attempts")).toEqual({ "": "3" });
    expect(read(engine, "millrace_executor_free_slots")).toEqual({ "": "7" });
    expect(read(engine, "millrace_queued_tasks")).toEqual({ "pool=default_pool": "0", "pool=narrow": "1" });
    expect(read(engine, "millrace_pool_slots")).toEqual({ "pool=default_pool": "128", "pool=narrow": "2" });
    expect(read(engine, "millrace_pool_used_slots")).toEqual({ "pool=default_pool": "1", "pool=narrow": "2" });
    expect(read(engine, "millrace_waiting_tasks")).toEqual({
      "state=up_for_retry": "1",
      "state=up_for_reschedule": "0",
      "state=waiting": "0",
    });
    open.open();
    await clock.drive(ended);
    expect(read(engine, "millrace_running_attempts")).toEqual({ "": "0" });
    expect(read(engine, "millrace_queued_tasks")).toEqual({ "pool=default_pool": "0", "pool=narrow": "0" });
    expect(read(engine, "millrace_active_runs")).toEqual({ "": "0" });
  });

  test("a timer that fires late is the lag of the event loop", async () => {
    class LateClock extends ManualClock {
      override sleep(ms: number, signal?: AbortSignal): Promise<void> {
        return super.sleep(ms === 500 ? 700 : ms, signal);
      }
    }
    await using opened = await openEngine({ dags: [busy], clock: new LateClock() });
    await opened.run(busy);
    expect(opened.engine.metrics.prometheus()).toMatch(/lag_seconds_bucket\{le="0.1"\} 0\n.*le="0.5"\} [1-9]/);
  });

  test("listeners that misbehave are counted", async () => {
    await using opened = await openEngine({ dags: [busy] });
    opened.engine.observe(() => {
      throw new Error("mine");
    });
    opened.engine.observe(() => new Promise(() => undefined));
    await opened.run(busy);
    expect(read(opened.engine, "millrace_listener_errors_total")).toEqual({ "": String(opened.events.length) });
    expect(Number(read(opened.engine, "millrace_listener_timeouts_total")[""])).toBeGreaterThan(10);
  });
});

describe("label values", () => {
  test("past the limit they are `other`, and that is counted", async () => {
    const dags = Array.from({ length: 5 }, (_, n) => dag(`d${n}`, {}, (d) => void d.task("a", () => 1)));
    await using opened = await openEngine({ dags, metrics: { maxLabelValues: 3 } });
    for (const each of dags) await opened.run(each);
    expect(read(opened.engine, "millrace_runs_total")).toEqual({
      "dag=d0,state=success": "1",
      "dag=d1,state=success": "1",
      "dag=d2,state=success": "1",
      "dag=other,state=success": "2",
    });
    expect(Number(read(opened.engine, "millrace_metric_labels_folded_total")[""])).toBeGreaterThan(0);
  });

  test.for([0, 1.5, Number.NaN])("a limit of %j is refused", async (maxLabelValues) => {
    await expect(openEngine({ dags: [], metrics: { maxLabelValues } })).rejects.toMatchObject({
      code: "DAG_OPTION_INVALID",
    });
  });
});

test("every metric is in docs/metrics.md as the table of the code has it, and none takes a name from tasks", () => {
  const text = readFileSync(new URL("../../../../docs/metrics.md", import.meta.url), "utf8");
  const documented = [...text.matchAll(/^\| `(millrace_\w+)` \| (\w+) \| (.*?) \| (.*?) \|$/gm)].map((row) =>
    row.slice(1),
  );
  const defined = Object.values(metricTable).map(({ name, kind, labels, help }) => [
    name,
    kind,
    labels.join(", "),
    help,
  ]);
  expect(documented).toEqual(defined);
  for (const { name, kind } of Object.values(metricTable)) {
    for (const prefix of [taskPrefix, servicePrefix]) expect(name.startsWith(prefix)).toBe(false);
    expect(name.endsWith("_total")).toBe(kind === "counter");
  }
});
