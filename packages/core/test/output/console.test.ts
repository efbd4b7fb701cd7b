import { AsyncResource } from "node:async_hooks";
import { inspect } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createEngine } from "../../src/engine/create-engine.ts";
import { type DagBuilder, dag } from "../../src/index.ts";
import { memoryStore } from "../../src/store/memory-store.ts";
import { bundledDags, ran } from "../threads/bundled-dags.ts";

/** What reaches the console that was there before any engine. */
let printed: string[] = [];
const original = globalThis.console;
beforeEach(() => {
  printed = [];
  const note = (...args: unknown[]): void => void printed.push(args.map(String).join(" "));
  globalThis.console = {
    ...original,
    log: note,
    info: note,
    debug: note,
    warn: note,
    error: note,
    dir: note,
  } as Console;
});
afterEach(() => {
  globalThis.console = original;
});

const linesOf = async (done: Awaited<ReturnType<typeof ran>>, task: string) =>
  (await done.logOf(task)).map(({ level, message }) => `${level} ${message}`);

describe("console in a task", () => {
  const printing = (d: DagBuilder<unknown>) => {
    const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
    d.task("levels", () => {
      console.log("log %s %d", "a", 1, { deep: { er: [1, { x: 1 }] } });
      console.info("info");
      console.debug("debug");
      console.warn(new Map([["a", 1]]));
      console.error("two\nlines");
      console.dir({ a: { b: { c: { d: 1 } } } }, { depth: 0, colors: true });
    });
    d.task("waits", async () => {
      console.log("before");
      await turn();
      console.log("after");
      setImmediate(() => console.log("from a callback"));
      await turn();
      await turn();
    });
    d.task("chains", () => turn().then(() => console.log("then")));
    d.task("fails", async () => {
      await turn();
      console.log("last words");
      throw new Error("no");
    });
    for (const name of ["a", "b"])
      d.task(name, async () => {
        for (let step = 0; step < 3; step++) {
          console.log(`${name}${step}`);
          await turn();
        }
      });
  };
  const expected = {
    levels: [
      `info ${"log a 1 { deep: { er: [ 1, [Object] ] } }"}`,
      "info info",
      "debug debug",
      "warn Map(1) { 'a' => 1 }",
      "error two\nlines",
      `info ${inspect({ a: { b: { c: { d: 1 } } } }, { depth: 0 })}`,
    ],
    waits: ["info before", "info after", "info from a callback"],
    chains: ["info then"],
    fails: ["info last words"],
    a: ["info a0", "info a1", "info a2"],
    b: ["info b0", "info b1", "info b2"],
  };

  test("goes to the log of its own attempt, formatted without colours", async () => {
    await using done = await ran(dag("prints", {}, printing));
    for (const [task, lines] of Object.entries(expected)) expect(await linesOf(done, task)).toEqual(lines);
    expect(printed).toEqual([]);
  });

  test("goes there in every attempt of one function, whether it ends at once or not", async () => {
    let isQuick = true;
    const work = (): unknown => {
      console.log("now");
      if (isQuick) return 1;
      return new Promise((resolve) => setImmediate(resolve)).then(() => console.log("later"));
    };
    const again = dag("again", {}, (d) => {
      d.task("work", work);
    });
    await using done = await ran(again);
    const linesOfRun = async () => {
      const { runId } = await done.engine.run(again);
      const [row] = await done.engine.tasks("again", runId);
      await done.engine.signal("a group to write the log with");
      return (await done.store.logs.list({ taskInstanceNo: row?.taskInstanceNo ?? 0 })).map(({ message }) => message);
    };
    expect(await linesOfRun()).toEqual(["now"]);
    expect(await linesOfRun()).toEqual(["now"]);
    isQuick = false;
    expect(await linesOfRun()).toEqual(["now"]);
    expect(await linesOfRun()).toEqual(["now", "later"]);
    isQuick = true;
    expect(await linesOfRun()).toEqual(["now"]);
    // The one attempt that nobody expected to go on.
    expect(printed).toEqual(["later"]);
  });

  test("does so in a thread, as does what is written to the standard streams", async () => {
    const { thread } = await bundledDags(`(${printing.toString()})(d);
      d.task("streams", async () => {
        process.stdout.write("one\\ntw");
        await new Promise((resolve) => process.stdout.write(Buffer.from("o\\n"), () => resolve(undefined)));
        process.stderr.write("wrong");
        process.stdout.write("no end");
        console.table([{ a: 1 }]);
      });`);
    await using done = await ran(thread);
    for (const [task, lines] of Object.entries(expected)) expect(await linesOf(done, task), task).toEqual(lines);
    expect(await linesOf(done, "streams")).toEqual([
      "info one",
      "info two",
      expect.stringMatching(/^info ┌.*\n.*\(index\)(?:.|\n)*┘$/),
      "info no end",
      "warn wrong",
    ]);
  });

  test("is everybody else's console as before, also while tasks run and in what an attempt has left behind", async () => {
    let print: () => void = () => undefined;
    const leaves = dag("leaves", {}, (d) => {
      d.task("leaves", async () => {
        print = bound(() => console.log("too late"));
      });
      d.task("waits", () => new Promise((resolve) => setImmediate(resolve)));
    });
    const engine = await createEngine({ dags: [leaves], store: memoryStore() });
    const run = engine.run(leaves);
    console.log("meanwhile", 1);
    await run;
    print();
    expect(printed).toEqual(["meanwhile 1", "too late"]);
    await engine.close();
  });

  test("is patched once for any number of engines, and is the old one when the last is closed", async () => {
    const before = { ...globalThis.console };
    const one = await createEngine({ store: memoryStore() });
    const patched = console.log;
    const two = await createEngine({ store: memoryStore() });
    expect(patched).not.toBe(before.log);
    expect(console.log).toBe(patched);
    await one.close();
    expect(console.log).toBe(patched);
    const theirs = (): void => undefined;
    console.warn = theirs;
    await two.close();
    expect({ ...globalThis.console }).toEqual({ ...before, warn: theirs });
  });

  test("is kept to 10,000 lines and 1 MiB an attempt; then one line says so, and nothing is formatted any more", async () => {
    let formatted = 0;
    const counting = { [inspect.custom]: () => `seen ${++formatted}` };
    const much = dag("much", {}, (d) => {
      d.task("lines", () => {
        for (let line = 0; line < 12_000; line++) console.log(counting);
      });
      d.task("bytes", () => {
        for (let line = 0; line < 100; line++) console.log("x".repeat(20_000));
      });
      d.task("long", () => {
        console.log("y".repeat(5_000_000));
        console.log("short");
      });
    });
    await using done = await ran(much);
    const lines = await done.logOf("lines");
    expect(lines).toHaveLength(10_001);
    expect(lines.at(-1)?.message).toMatch(/^\[the rest of this attempt's log is left out/);
    expect(formatted).toBe(10_000);
    const bytes = await done.logOf("bytes");
    expect(bytes.reduce((sum, { message }) => sum + message.length, 0)).toBeLessThan(1_048_576 + 21_000);
    expect(bytes.at(-1)?.message).toMatch(/left out/);
    expect((await done.logOf("long")).map(({ message }) => message.length)).toEqual([65_536 + " … [cut]".length, 5]);
  });
});

/** The function in the context of whoever called this. */
function bound(call: () => void): () => void {
  return AsyncResource.bind(call);
}
