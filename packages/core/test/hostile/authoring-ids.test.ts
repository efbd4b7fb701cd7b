import { describe, expect, test } from "vitest";
import { DagBuilder } from "../../src/authoring/builder.ts";
import { isMillraceError, type MillraceError } from "../../src/errors.ts";
import { dag } from "../../src/index.ts";
import { hostileTexts, isSafeToShow, named, notText } from "./hostile-values.ts";

/** What an author does with something that cannot be an id. */
type Place = (d: DagBuilder, hostile: never) => unknown;

const run = (): number => 1;

/** By method, every place where an id or a name can stand. */
const places: Readonly<Record<string, Readonly<Record<string, Place>>>> = {
  task: {
    id: (d, id) => d.task(id, run),
    input: (d, id) => d.task("t", { input: id }, run),
    "input by name": (d, id) => d.task("t", { input: { rows: id } }, run),
    pool: (d, id) => d.task("t", { pool: id }, run),
    rule: (d, id) => d.task("t", { triggerRule: id }, run),
    setup: (d, id) => d.task("t", { role: "teardown", setups: [id] }, run),
  },
  map: { id: (d, id) => d.map(id, { over: [1] }, run) },
  branch: {
    id: (d, id) => d.branch(id, { choices: [] }, () => null),
    choice: (d, id) => d.branch("t", { choices: [id] }, () => null),
  },
  shortCircuit: { id: (d, id) => d.shortCircuit(id, run) },
  latestOnly: { id: (d, id) => d.latestOnly(id) },
  empty: { id: (d, id) => d.empty(id) },
  shell: { id: (d, id) => d.shell(id, { command: ["true"] }) },
  trigger: { id: (d, id) => d.trigger(id, { dagId: "other" }), dag: (d, id) => d.trigger("t", { dagId: id }) },
  use: { id: (d, id) => d.use(id, undefined as never), operator: (d, id) => d.use("t", id) },
  group: {
    id: (d, id) => d.group(id, () => undefined),
    "id around": (d, id) => d.group(id, (g) => g.task("t", run)),
    "id within": (d, id) => d.group("g", (g) => g.task(id, run)),
  },
  chain: { item: (d, id) => d.chain(d.task("t", run), id) },
};

test("every method of the builder is in the table", () => {
  const methods = Object.getOwnPropertyNames(DagBuilder.prototype).filter((name) => name !== "constructor");
  expect(Object.keys(places).sort()).toEqual(methods.sort());
});

/** Says what is wrong with how the hostile was refused. */
function complaint(hostile: unknown, make: () => unknown, allowed: RegExp): string | undefined {
  try {
    make();
  } catch (error) {
    if (!isMillraceError(error)) return `${named(hostile)}: ${String(error)}`;
    const issues: readonly MillraceError[] = error.issues.length > 0 ? error.issues : [error];
    const unsafe = issues.find(({ message, cure }) => !isSafeToShow(`${message} ${cure}`));
    if (unsafe !== undefined) return `${named(hostile)}: unsafe message of ${unsafe.code}`;
    return issues.some(({ code }) => allowed.test(code))
      ? undefined
      : `${named(hostile)}: ${issues.map(({ code }) => code).join()}`;
  }
  return `${named(hostile)} was taken`;
}

/** What throws when it is looked at is the author's own error. */
const wrongIds = [...hostileTexts, ...notText.slice(0, -1)];
const expected = /^DAG_(?:ID_INVALID|OPTION_INVALID|FOREIGN_TASK|UNKNOWN_TASK|TRIGGER_RULE_UNKNOWN)$/;

/** What is right in a place, or stands for nothing there. */
const isRight: Readonly<Record<string, (value: unknown) => boolean>> = {
  "task input": (value) => isEmpty(value),
  "task rule": (value) => value === null,
  "task setup": (value) => Array.isArray(value) && value.length === 0,
  "chain item": (value) => Array.isArray(value) && value.length === 0,
};

function isEmpty(value: unknown): boolean {
  return typeof value === "object" && value !== null && Object.keys(value).length === 0;
}

describe("what cannot be an id", () => {
  test.each(
    Object.entries(places).flatMap(([method, of]) =>
      Object.entries(of).map(([place, add]) => [`${method} ${place}`, add] as const),
    ),
  )("is a mistake of the DAG with a code: %s", (name, add) => {
    const wrong = wrongIds
      .filter((hostile) => !isRight[name]?.(hostile))
      .map((hostile) => complaint(hostile, () => dag("d", {}, (d) => void add(d, hostile as never)), expected));
    expect(wrong.filter((text) => text !== undefined)).toEqual([]);
  });

  test("is a mistake as the id of a DAG", () => {
    const wrong = wrongIds.map((hostile) =>
      complaint(hostile, () => dag(hostile as never, {}, () => undefined), /^DAG_ID_INVALID$/),
    );
    expect(wrong.filter((text) => text !== undefined)).toEqual([]);
  });
});
