import { expectTypeOf } from "vitest";
import { z } from "zod";
import {
  type Connection,
  concat,
  dag,
  type GroupHandle,
  type JsonValue,
  type MappedTaskHandle,
  operator,
  type TaskContext,
  type TaskHandle,
  zip,
} from "../index.ts";

dag("types", { params: z.object({ region: z.string().default("eu") }) }, (d) => {
  const rows = d.task("rows", ({ params, input }) => {
    expectTypeOf(params).toEqualTypeOf<{ region: string }>();
    expectTypeOf(input).toEqualTypeOf<undefined>();
    return [{ id: 1, name: "a" }];
  });
  const clean = d.task("clean", { input: { rows } }, ({ input }) => {
    expectTypeOf(input.rows).toEqualTypeOf<{ id: number; name: string }[]>();
    return input.rows.length;
  });
  d.task("loose", { input: clean, triggerRule: "all_done", retries: 2 }, ({ input }) => {
    expectTypeOf(input).toEqualTypeOf<number | undefined>();
  });
  d.task("tuple", { input: [clean, rows] }, ({ input }) => {
    expectTypeOf(input[0]).toEqualTypeOf<number>();
    expectTypeOf(input[1][0].name).toEqualTypeOf<string>();
  });
  const mapped = d.map("each", { over: rows, input: clean }, async ({ element, input }) => {
    expectTypeOf(element).toEqualTypeOf<{ id: number; name: string }>();
    expectTypeOf(input).toEqualTypeOf<number>();
    return element.name;
  });
  d.task("reduce", { input: mapped }, async ({ input, xcom }) => {
    expectTypeOf(input).toEqualTypeOf<string[]>();
    expectTypeOf(await xcom.pull({ task: mapped, mapIndex: 0 })).toEqualTypeOf<string | undefined>();
    expectTypeOf(await xcom.pull({ task: clean })).toEqualTypeOf<number | undefined>();
    expectTypeOf(await xcom.pull({ task: clean, default: "none" })).toEqualTypeOf<number | string>();
    expectTypeOf(await xcom.pull({ task: "clean" })).toEqualTypeOf<unknown>();
  });
  d.map("product", { over: { number: [1, 2], letter: rows } }, ({ element }) => {
    expectTypeOf(element.letter).toEqualTypeOf<{ id: number; name: string }>();
    expectTypeOf(element.number).toExtend<number>();
  });
  d.map("both", { over: concat(rows, ["x"]) }, ({ element }) =>
    expectTypeOf(element).toExtend<string | { id: number }>(),
  );
  d.map("side", { over: zip([rows, [true]]) }, ({ element }) =>
    expectTypeOf(element[0]).toEqualTypeOf<{ id: number; name: string }>(),
  );
  d.branch("pick", { choices: ["clean", "rows"] }, () => "clean");
  // @ts-expect-error not one of the choices
  d.branch("pick2", { choices: ["clean", "rows"] }, () => "other");
  // @ts-expect-error an input is a handle
  d.task("bad", { input: 5 }, () => 1);
  // @ts-expect-error unknown rule
  d.task("bad2", { triggerRule: "sometimes" }, () => 1);
});

dag("inputs", {}, (d) => {
  const text = d.task("text", () => "a" as const);
  const later = d.task("later", async () => new Map([["a", 1]]));
  const each = d.map("each", { over: [1, 2, 3] }, async ({ element }) => {
    expectTypeOf(element).toEqualTypeOf<1 | 2 | 3>();
    return element > 1;
  });
  expectTypeOf(text).toEqualTypeOf<TaskHandle<"a">>();
  expectTypeOf(later).toEqualTypeOf<TaskHandle<Map<string, number>>>();
  expectTypeOf(each).toEqualTypeOf<MappedTaskHandle<boolean>>();
  expectTypeOf(each.after(text)).toEqualTypeOf<MappedTaskHandle<boolean>>();

  d.task("all", { input: { text, later, each } }, ({ input }) => {
    expectTypeOf(input).toEqualTypeOf<{
      readonly text: "a";
      readonly later: Map<string, number>;
      readonly each: boolean[];
    }>();
  });
  d.task("all-maybe", { input: { text, each }, triggerRule: "none_failed" }, ({ input }) => {
    expectTypeOf(input).toEqualTypeOf<{ readonly text: "a" | undefined; readonly each: boolean[] | undefined }>();
  });
  d.task("list-maybe", { input: [text, later], triggerRule: "always" }, ({ input }) => {
    expectTypeOf(input).toEqualTypeOf<["a" | undefined, Map<string, number> | undefined]>();
  });
  d.map("with-input", { over: each, input: { text }, triggerRule: "all_done" }, ({ element, input }) => {
    expectTypeOf(element).toEqualTypeOf<boolean>();
    expectTypeOf(input.text).toEqualTypeOf<"a" | undefined>();
  });
  d.map("entries", { over: d.task("record", () => ({ a: 1 })) }, ({ element }) => {
    expectTypeOf(element).toEqualTypeOf<[key: string, value: number]>();
  });
  d.shortCircuit("go", { input: text }, ({ input }) => {
    expectTypeOf(input).toEqualTypeOf<"a">();
    return input.length > 0;
  });
  expectTypeOf(d.shell("shell", { command: ["true"] })).toEqualTypeOf<TaskHandle<string>>();
  expectTypeOf(d.trigger("other", { dagId: "other" })).toEqualTypeOf<TaskHandle<string>>();
  expectTypeOf(d.empty("empty")).toEqualTypeOf<TaskHandle<undefined>>();
  expectTypeOf(d.latestOnly("latest")).toEqualTypeOf<TaskHandle<boolean>>();
  expectTypeOf(d.branch("way", { choices: ["text", "later"] }, () => ["text"])).toEqualTypeOf<
    TaskHandle<"text" | "later" | readonly ("text" | "later")[] | null>
  >();

  // @ts-expect-error a number is no list
  d.map("no-list", { over: d.task("n", () => 5) }, () => 1);
  // @ts-expect-error what is mapped over is missing
  d.map("nothing", {}, () => 1);
  // @ts-expect-error there is no element without a mapping
  d.task("no-element", ({ element }) => element);
  // @ts-expect-error a default is no option of one task
  d.group("g", { defaults: { triggerRule: "always" } }, () => undefined);
  // @ts-expect-error a branch needs choices
  d.branch("no-choices", {}, () => "text");
  // @ts-expect-error only what is listed can be chosen, in a list as well
  d.branch("wrong-list", { choices: ["text"] }, () => ["text", "other"]);
  // @ts-expect-error an option that does not exist
  d.task("typo", { retires: 3 }, () => 1);
  // @ts-expect-error a duration is text, parts or a Temporal.Duration
  d.task("delay", { retryDelay: 30 }, () => 1);
  // @ts-expect-error a text is no place in the order
  d.chain(text, "later");
  // @ts-expect-error input is read, not written
  d.task("write", { input: { text } }, ({ input }) => (input.text = "a"));
});

dag("groups", {}, (d) => {
  const group = d.group("g", (g) => {
    const first = g.task("first", () => 1);
    return { first, second: g.group("h", (h) => h.map("deep", { over: [true] }, () => "x")) };
  });
  expectTypeOf(group.outputs.first).toEqualTypeOf<TaskHandle<number>>();
  expectTypeOf(group.outputs.second).toEqualTypeOf<GroupHandle<MappedTaskHandle<string>>>();
  d.task("join", { input: [group.outputs.first, group.outputs.second.outputs] }, ({ input }) => {
    expectTypeOf(input).toEqualTypeOf<[number, string[]]>();
  });
  d.chain(
    group,
    d.task("a", () => 1),
    [d.task("b", () => 1), group.outputs.second],
  );
  d.empty("end").after(group, [group.outputs.first]);
});

dag("operators", {}, (d) => {
  const numbers = d.task("numbers", () => [1, 2]);
  const plain = operator({ retries: 1 }, ({ input, params }) => {
    expectTypeOf(input).toEqualTypeOf<undefined>();
    expectTypeOf(params).toEqualTypeOf<unknown>();
    return { at: 5 };
  });
  const sum = operator({}, ({ input }: TaskContext<unknown, readonly number[]>) => input.reduce((a, b) => a + b, 0));
  expectTypeOf(d.use("plain", plain)).toEqualTypeOf<TaskHandle<{ at: number }>>();
  expectTypeOf(d.use("plain-late", plain, { executionTimeout: "1m" })).toEqualTypeOf<TaskHandle<{ at: number }>>();
  expectTypeOf(d.use("sum", sum, { input: numbers })).toEqualTypeOf<TaskHandle<number>>();
  // @ts-expect-error it takes an input
  d.use("no-input", sum);
  // @ts-expect-error it takes another input
  d.use("wrong-input", sum, { input: d.task("texts", () => ["a"]) });
  // @ts-expect-error it takes none
  d.use("surplus", plain, { input: numbers });
  // @ts-expect-error an operator has no trigger rule of that name
  operator({ triggerRule: "never" }, () => 1);
});

dag("context", {}, (d) => {
  const rows = d.task("rows", () => [1]);
  const each = d.map("each", { over: rows }, ({ element }) => element);
  d.task("look", async ({ xcom, interval, task, run, signal, state, conf, secret, connection }) => {
    expectTypeOf(await xcom.pull({ task: rows })).toEqualTypeOf<number[] | undefined>();
    expectTypeOf(await xcom.pull({ task: each, mapIndex: 0 })).toEqualTypeOf<number | undefined>();
    expectTypeOf(await xcom.pull({ task: rows, key: "other" })).toEqualTypeOf<unknown>();
    expectTypeOf(await xcom.pull({ task: [rows, "each"] })).toEqualTypeOf<unknown[]>();
    expectTypeOf((await xcom.pullAvailable(rows, ["a"])).missing).toEqualTypeOf<string[]>();
    expectTypeOf(interval.start.epochMilliseconds).toEqualTypeOf<number>();
    expectTypeOf(task.mapIndex).toEqualTypeOf<number>();
    expectTypeOf(run.type).toEqualTypeOf<"scheduled" | "manual" | "backfill" | "triggered">();
    expectTypeOf(signal).toEqualTypeOf<AbortSignal>();
    expectTypeOf(await state.get("k")).toEqualTypeOf<unknown>();
    expectTypeOf(conf.a).toEqualTypeOf<JsonValue>();
    expectTypeOf(await secret("token")).toEqualTypeOf<string>();
    expectTypeOf(await connection("shop")).toEqualTypeOf<Connection>();
    expectTypeOf((await connection("shop")).port).toEqualTypeOf<number | undefined>();
    // @ts-expect-error a connection is nobody's to change
    (await connection("shop")).host = "other";
    // @ts-expect-error a key is text
    await xcom.push(5, 1);
  });
});
