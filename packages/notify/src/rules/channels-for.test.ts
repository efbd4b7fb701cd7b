import { NOTIFY_KINDS, type NotifyKind, type NotifyRule } from "@millrace/core/plugin";
import { describe, expect, it } from "vitest";
import { channelsFor } from "./channels-for.ts";

const defaults = { channels: ["ops"], kinds: new Set<NotifyKind>(["failure", "recovery"]) };
/** Who is told, by kind; kinds of which nobody is told are left out. */
const told = (rules: { readonly dag?: NotifyRule; readonly task?: NotifyRule }): Record<string, readonly string[]> =>
  Object.fromEntries(
    NOTIFY_KINDS.map((kind) => [kind, channelsFor(kind, { ...rules, defaults })] as const).filter(
      ([, names]) => names.length > 0,
    ),
  );

describe("who is told", () => {
  it("where nothing is said: the default channels, of the default kinds", () => {
    expect(told({})).toEqual({ failure: ["ops"], recovery: ["ops"] });
  });

  it("where a DAG has names: these, of the default kinds", () => {
    expect(told({ dag: { channels: ["team", "boss"] } })).toEqual({
      failure: ["team", "boss"],
      recovery: ["team", "boss"],
    });
    expect(told({ dag: { channels: [] } })).toEqual({});
  });

  it("where a DAG has names by kind: exactly as it says", () => {
    expect(told({ dag: { byKind: { success: ["team"], retry: [], task_failure: ["ops"] } } })).toEqual({
      success: ["team"],
      task_failure: ["ops"],
    });
  });

  it("where a task has names: of its own failures and deadlines too, whatever its DAG has", () => {
    expect(told({ task: { channels: ["team"] }, dag: { channels: [] } })).toMatchObject({
      task_failure: ["team"],
      deadline: ["team"],
    });
    expect(told({ task: { channels: ["team"] }, dag: { channels: [] } })).not.toHaveProperty("retry");
    expect(told({ task: { channels: [] }, dag: { byKind: { task_failure: ["ops"] } } })).toEqual({});
    expect(told({ task: { byKind: { retry: ["team"] } }, dag: { channels: ["ops"] } })).toEqual({ retry: ["team"] });
  });
});
