import { describe, expect, it } from "vitest";
import { mistakesOf } from "../../test/mistakes-of.ts";
import { snapshotOf } from "../graph/snapshot.ts";
import { dag } from "../index.ts";
import type { NotifySetting } from "./notify-setting.ts";

const ruleOf = (notify: NotifySetting | undefined) =>
  dag("d", { notify }, (d) => {
    d.task("x", () => 1);
  }).notify;

describe("notify", () => {
  it.each<[NotifySetting | undefined, unknown]>([
    [undefined, undefined],
    [false, { channels: [] }],
    ["ops", { channels: ["ops"] }],
    [["ops", "team", "ops"], { channels: ["ops", "team"] }],
    [{}, { byKind: {} }],
    [
      { failure: "ops", success: ["team"], retry: false, backfill: undefined },
      { byKind: { failure: ["ops"], success: ["team"], retry: [] } },
    ],
  ])("%j is names for what is told by default, or for each kind", (setting, rule) => {
    expect(ruleOf(setting)).toEqual(rule);
  });

  it("of a task comes from its options, else from the defaults of its group and its DAG", () => {
    const made = dag("d", { notify: "dag", defaults: { notify: "defaults" } }, (d) => {
      d.task("own", { notify: { task_failure: "own" } }, () => 1);
      d.task("none", { notify: false }, () => 1);
      d.task("plain", () => 1);
    });
    expect(made.tasks.map(({ notify }) => notify)).toEqual([
      { byKind: { task_failure: ["own"] } },
      { channels: [] },
      { channels: ["defaults"] },
    ]);
    expect(snapshotOf(made)).toMatchObject({ notify: { channels: ["dag"] }, tasks: [{}, {}, {}] });
    expect(snapshotOf(made).tasks.map(({ notify }) => notify)).toEqual(made.tasks.map(({ notify }) => notify));
  });

  it("changes nothing of a DAG that has none: its version stays the one it was", () => {
    const plain = dag("d", {}, (d) => {
      d.task("x", () => 1);
    });
    expect(JSON.stringify(snapshotOf(plain))).not.toContain("notify");
  });

  it("cannot be changed afterwards", () => {
    const rule = ruleOf({ failure: ["ops"] }) as { byKind: { failure: string[] } };
    expect(() => rule.byKind.failure.push("more")).toThrow(TypeError);
    expect(() => Object.assign(rule.byKind, { success: [] })).toThrow(TypeError);
  });

  it.each<[unknown, string]>([
    [true, "notify"],
    [null, "notify"],
    [5, "notify"],
    ["", "notify"],
    ["a b", "notify"],
    ["a\r\nBcc: x", "notify"],
    ["__proto__/x", "notify"],
    [["ops", 5], "notify"],
    [Array.from({ length: 101 }, (_, at) => `c${at}`), "notify"],
    [new Map([["failure", "ops"]]), "notify"],
    [{ failures: "ops" }, "notify.failures"],
    [{ failure: "no name" }, "notify.failure"],
    [{ failure: { to: "ops" } }, "notify.failure"],
    [JSON.parse('{ "__proto__": "ops" }'), "notify.__proto__"],
  ])("%j is refused where it stands", (notify, option) => {
    for (const mistakes of [
      mistakesOf((d) => d.task("x", () => 1), { notify }),
      mistakesOf((d) => d.task("x", { notify: notify as never }, () => 1)),
    ])
      expect(mistakes.map(({ code, values }) => [code, values.option])).toEqual([["DAG_OPTION_INVALID", option]]);
  });
});
