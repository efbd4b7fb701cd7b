import { expect, test } from "vitest";
import { isMillraceError } from "../../src/errors.ts";
import { dag, type TaskContext } from "../../src/index.ts";
import { openEngine } from "../test-engine.ts";
import { hostileTexts, isSafeToShow, named, notText } from "./hostile-values.ts";

type Call = (context: TaskContext, hostile: never) => unknown;

/** Every place of the context where an id, a key or a name can stand. */
const places: Readonly<Record<string, Call>> = {
  "push key": ({ xcom }, key) => xcom.push(key, 1),
  "pull task": ({ xcom }, task) => xcom.pull({ task }),
  "pull key": ({ xcom }, key) => xcom.pull({ task: "own", key }),
  "pull run": ({ xcom }, run) => xcom.pull({ task: "own", run }),
  "pullAvailable task": ({ xcom }, task) => xcom.pullAvailable(task, ["key"]),
  "pullAvailable key": ({ xcom }, key) => xcom.pullAvailable("own", [key]),
  "pushAll prefix": ({ xcom }, prefix) => xcom.pushAll(prefix, { a: 1 }),
  "pushStream key": ({ xcom }, key) => xcom.pushStream(key, (async function* () {})()),
  "pullStream key": ({ xcom }, key) => xcom.pullStream({ task: "own", key }),
  "uniqueKey base": ({ xcom }, base) => xcom.uniqueKey(base),
  "clear task": ({ xcom }, task) => xcom.clear({ task }),
  "state key": ({ state }, key) => state.set(key, 1),
  "dagState key": ({ dagState }, key) => dagState.get(key),
  "secret name": ({ secret }, name) => secret(name),
  "connection name": ({ connection }, name) => connection(name),
  "counter name": ({ metrics }, name) => metrics.counter(name).add(),
};

/** Keys may be any text that is safe to show and to store; a prefix or base is only the beginning of one. */
const isText = (value: unknown): boolean => typeof value === "string";
const texts = hostileTexts.filter(
  (text) => !/[\0\n\u001b\u0085\u202e\u200b\ud800]|^$/.test(text) && text.length <= 300,
);
const slashes = texts.filter((text) => !/[/\\]/.test(text) && text !== ".." && text.length <= 250);
const right: Readonly<Record<string, readonly unknown[]>> = {
  "state key": texts,
  "dagState key": texts,
  ...Object.fromEntries(
    Object.keys(places)
      .filter((place) => / (?:key|prefix|base)$/.test(place) && !place.includes("tate"))
      .map((place) => [place, slashes]),
  ),
};

test.each(Object.entries(places))("a task that gives what is no name is told so by a code: %s", async (name, call) => {
  const wrong: string[] = [];
  const own = dag("own", {}, (d) => {
    d.task("own", async (context) => {
      for (const hostile of [...hostileTexts, ...notText]) {
        // Of text, what is right; of all else, what JavaScript makes a text of, or takes for "none".
        if (right[name]?.includes(hostile) || (!isText(hostile) && /prefix|base|task|run$/.test(name))) continue;
        if (/prefix|base/.test(name) && (hostile === "" || hostile === "..")) continue;
        try {
          await call(context as TaskContext, hostile as never);
          wrong.push(`${named(hostile)} was taken`);
        } catch (error) {
          if (!isMillraceError(error)) wrong.push(`${named(hostile)}: ${String(error)}`);
          else if (!isSafeToShow(error.message)) wrong.push(`${named(hostile)}: unsafe message`);
        }
      }
    });
  });
  await using opened = await openEngine({ dags: [own] });
  await opened.run(own);
  expect(wrong).toEqual([]);
});
