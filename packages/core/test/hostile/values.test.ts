import { isDeepStrictEqual } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isMillraceError } from "../../src/errors.ts";
import { type Dag, dag, fail, skip, type TaskContext } from "../../src/index.ts";
import { openEngine, type TestEngine } from "../test-engine.ts";
import { isSafeToShow } from "./hostile-values.ts";

const mib = 1024 * 1024;

class Account {
  balance = 5;
  toJSON() {
    return { balance: 0 };
  }
}

/** Comes back as it was. */
const kept: Readonly<Record<string, () => unknown>> = {
  "no bytes": () => "",
  "64 KiB": () => "ä".repeat(32 * 1024),
  "5 MiB of rows": () => Array.from({ length: 80_000 }, (_, row) => ({ row, text: "x".repeat(40), ok: true })),
  null: () => null,
  "a big integer": () => 2n ** 80n,
  "integers that JSON rounds": () => [Number.MAX_SAFE_INTEGER, 5e-324, 1e308, 0.1 + 0.2],
  NaN: () => [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
  "minus zero": () => ({ zero: -0 }),
  dates: () => [new Date(0), new Date(Number.NaN)],
  "a map of maps": () => new Map<unknown, unknown>([[{ key: 1 }, new Map([["inner", new Set([1n])]])]]),
  "999 levels": () => nested(999),
  "half a character, NUL and controls": () => "\ud800 \0 \u001b[31m \u202e",
  "a key of 1 MiB": () => ({ ["k".repeat(mib)]: 1 }),
  "100,000 keys": () => Object.fromEntries(Array.from({ length: 100_000 }, (_, key) => [`k${key}`, key])),
  "keys that reach into other objects": () => JSON.parse('{"__proto__":{"polluted":1},"constructor":{"prototype":2}}'),
  "what looks like a tag": () => JSON.parse('{"$millrace":["Date","2026-01-01T00:00:00.000Z"],"toString":5,"then":6}'),
  "a proxy that stands for plain data": () => new Proxy({ a: 1 }, {}),
};

/** Is refused when it is given, with its path, and never altered. */
const refused: Readonly<Record<string, () => unknown>> = {
  "a cycle": () => {
    const value: Record<string, unknown> = { a: [1] };
    (value.a as unknown[]).push(value);
    return value;
  },
  "10,000 levels": () => nested(10_000),
  "undefined inside": () => ({ a: { b: undefined } }),
  "undefined in a list": () => [1, undefined],
  "a sparse list": () => Object.assign(new Array(5), { 3: 1 }),
  "a list with a property": () => Object.assign([1], { total: 1 }),
  "a getter": () => ({
    get secret() {
      return 5;
    },
  }),
  "a getter that throws": () => ({
    get secret() {
      throw new Error("hunter2");
    },
  }),
  "a proxy that throws": () =>
    new Proxy(
      {},
      {
        ownKeys() {
          throw new Error("hunter2");
        },
      },
    ),
  "a class instance with toJSON": () => ({ account: new Account() }),
  "a toJSON of its own": () => ({ toJSON: () => ({ other: true }) }),
  "a symbol for a key": () => ({ [Symbol("secret")]: 1 }),
  "a function": () => ({ run: () => 5 }),
  "an error": () => new Error("hunter2"),
  "a promise inside": () => [Promise.resolve(5)],
  "a buffer": () => Buffer.from("hunter2"),
  "floats in a typed list": () => new Float64Array(2),
  "a date with more": () => Object.assign(new Date(0), { zone: "x" }),
};

function nested(levels: number): unknown {
  let value: unknown = "deep";
  for (let level = 0; level < levels; level++) value = level % 2 === 0 ? [value] : { a: value };
  return value;
}

const channel = { value: undefined as (() => unknown) | undefined };
const given = (): unknown => (channel.value as () => unknown)();
/** What tasks saw: by reference, so that nothing is lost on the way to the test. */
const seen: unknown[] = [];
const see = ({ input }: { readonly input: unknown }): void => void seen.push(input);

const channels = {
  result: dag("result", {}, (d) => {
    d.task("see", { input: d.task("give", given) }, see);
  }),
  push: dag("push", {}, (d) => {
    const give = d.task("give", async ({ xcom }) => void (await xcom.push("under a key", given())));
    d.task("see", async ({ xcom }) => void seen.push(await xcom.pull({ task: "give", key: "under a key" }))).after(
      give,
    );
  }),
  state: dag("state", {}, (d) => {
    const give = d.task("give", async ({ dagState }) => void (await dagState.set("key", given())));
    d.task("see", async ({ dagState }) => void seen.push(await dagState.get("key"))).after(give);
  }),
  element: dag("element", {}, (d) => {
    const give = d.task("give", () => [given(), "beside it"]);
    d.map("see", { over: give }, ({ element, task }) => {
      if (task.mapIndex === 0) seen.push(element);
    });
  }),
} as const satisfies Readonly<Record<string, Dag>>;

const requested = dag("requested", {}, (d) => {
  d.task("see", ({ params, conf }) => void seen.push([params, conf]));
});

let opened: TestEngine;
beforeAll(async () => {
  opened = await openEngine({ dags: [...Object.values(channels), requested] });
});
afterAll(() => opened[Symbol.asyncDispose]());

async function pass(dagOf: Dag, value: () => unknown) {
  channel.value = value;
  seen.length = 0;
  return opened.run(dagOf);
}

/** Too much for the state of a task, or for a request. */
const tooLarge: Readonly<Record<string, readonly string[]>> = {
  state: ["5 MiB of rows", "a key of 1 MiB", "100,000 keys"],
  request: ["5 MiB of rows"],
};

describe("a value that can be kept", () => {
  describe.each(Object.keys(channels) as (keyof typeof channels)[])("comes back as it was: %s", (name) => {
    test.each(Object.entries(kept).filter(([what]) => !tooLarge[name]?.includes(what)))("%s", async (_, value) => {
      const result = await pass(channels[name], value);
      expect(result.state).toBe("success");
      expect(isDeepStrictEqual(seen, [value()])).toBe(true);
    });
  });

  test.each(Object.entries(kept).filter(([what]) => !tooLarge.request.includes(what)))(
    "comes as params and in conf: %s",
    async (_, value) => {
      seen.length = 0;
      const result = await opened.run(requested, { params: { it: value() }, conf: { it: value() } });
      expect(result.state).toBe("success");
      expect(isDeepStrictEqual(seen, [[{ it: value() }, { it: value() }]])).toBe(true);
    },
  );

  test("is what it was when the run was asked for, whatever becomes of the caller's object", async () => {
    const params = { list: [1] };
    seen.length = 0;
    const running = opened.engine.run(requested, { params, conf: params });
    params.list.push(2);
    await opened.clock.drive(running);
    await opened.run(requested, { params });
    expect(seen).toStrictEqual([
      [{ list: [1] }, { list: [1] }],
      [{ list: [1, 2] }, {}],
    ]);
  });
});

describe("a value that cannot be kept", () => {
  describe.each(Object.keys(channels) as (keyof typeof channels)[])("fails the task that gives it: %s", (name) => {
    test.each(Object.entries(refused))("%s", async (_, value) => {
      const { tasks, state } = await pass(channels[name], value);
      expect([state, tasks.give.state, tasks.see.state]).toEqual(["failed", "failed", "upstream_failed"]);
      expect(tasks.give.error?.code).toMatch(/^XCOM_(?:UNSUPPORTED|TOO_DEEP)$/);
      expect(tasks.give.error?.message).not.toContain("hunter2");
      expect(seen).toEqual([]);
    });
  });

  test.each(Object.entries(refused))("refuses the run whose params or conf it is in: %s", async (_, value) => {
    const before = await opened.engine.runs({ dagId: "requested" });
    for (const options of [{ params: { it: value() } }, { conf: { it: value() } }]) {
      const error = await opened.engine.run(requested, options).catch((thrown: unknown) => thrown);
      expect(isMillraceError(error) && error.code).toMatch(/^XCOM_(?:UNSUPPORTED|TOO_DEEP)$/);
      expect(isSafeToShow((error as Error).message)).toBe(true);
    }
    expect(await opened.engine.runs({ dagId: "requested" })).toEqual(before);
  });
});

describe("200 MiB", () => {
  const huge = "x".repeat(200 * mib);
  const within = { deep: [huge] };

  test.each(Object.keys(channels) as (keyof typeof channels)[])(
    "are refused with their size, not stored: %s",
    async (name) => {
      for (const value of [huge, within]) {
        const { tasks } = await pass(channels[name], () => value);
        expect(tasks.give.error?.code).toBe(name === "state" ? "STATE_TOO_LARGE" : "XCOM_TOO_LARGE");
        expect(tasks.give.error?.message.length).toBeLessThan(1_000);
      }
    },
  );

  test("in params or conf refuse the run", async () => {
    for (const options of [{ params: within }, { conf: within }])
      await expect(opened.engine.run(requested, options)).rejects.toMatchObject({ code: "REQUEST_TOO_LARGE" });
  });

  test("of control characters, which are six times as long in JSON, are refused as well", async () => {
    const controls = "\u0001".repeat(100 * mib);
    for (const value of [controls, [controls]]) {
      const { tasks } = await pass(channels.result, () => value);
      expect(tasks.give.error?.code).toMatch(/^XCOM_(?:TOO_LARGE|UNSUPPORTED)$/);
    }
  });
});

test.each([null, 5, "", "nul\0byte", "x".repeat(501), "half \ud800", {}, Symbol("key")])(
  "a key of the state that cannot be one fails the task: %s",
  async (key) => {
    const keyed = dag("keyed", {}, (d) => {
      d.task("set", async ({ state }) => state.set(key as string, 1));
      d.task("get", async ({ state }) => state.get(key as string));
      d.task("swap", async ({ state }) => state.compareAndSet(key as string, undefined, 1));
      d.task("drop", async ({ state }) => state.delete(key as string));
    });
    await using own = await openEngine({ dags: [keyed] });
    const { tasks } = await own.run(keyed);
    expect(Object.values(tasks).map(({ error }) => error?.code)).toEqual(Array(4).fill("STATE_KEY_INVALID"));
  },
);

describe("what tasks throw", () => {
  const throwing: Readonly<Record<string, () => unknown>> = {
    "an error whose message throws": () =>
      Object.defineProperty(new Error("x"), "message", {
        get() {
          throw new Error("trap");
        },
      }),
    "an error whose name is a symbol": () => Object.assign(new Error("x"), { name: Symbol("name") }),
    "causes in a circle": () => {
      const error = new Error("round");
      error.cause = new Error("and round", { cause: error });
      return error;
    },
    "a message of 100 MB": () => new Error("m".repeat(100_000_000)),
    "a name, a code and a cure of 10 MB": () =>
      Object.assign(new Error("x"), { name: "n".repeat(1e7), code: "c".repeat(1e7), cure: "u".repeat(1e7) }),
    "a proxy that throws": () =>
      new Proxy(new Error("x"), {
        get() {
          throw new Error("trap");
        },
        has() {
          throw new Error("trap");
        },
        getPrototypeOf() {
          throw new Error("trap");
        },
      }),
    nothing: () => undefined,
    "an object without a prototype": () => Object.create(null),
    "a skip for 100 MB of reasons": () => skip("r".repeat(100_000_000)),
    "a failure whose reason cannot be read": () => fail(Object.create(null) as string),
    "a function": () => () => "boo",
  };

  test.each(Object.entries(throwing))("ends the attempt with an error of bounded size: %s", async (_, make) => {
    const faulty = dag("faulty", {}, (d) => {
      d.task("bad", () => {
        throw make();
      });
      d.task("beside", () => 1);
    });
    await using own = await openEngine({ dags: [faulty] });
    const { tasks } = await own.run(faulty);
    expect(["failed", "skipped"]).toContain(tasks.bad.state);
    expect(tasks.beside.state).toBe("success");
    const [row] = await own.engine.tasks("faulty", (await own.engine.runs())[0].runId);
    expect(row.error?.length ?? row.reason?.length).toBeGreaterThan(5);
    expect((row.error ?? row.reason ?? "").length).toBeLessThan(200_000);
  });
});

describe("what tasks log", () => {
  const logging: Readonly<Record<string, readonly [fields: () => unknown, logged: unknown]>> = {
    "what JSON has no word for": [
      () => ({ nan: Number.NaN, big: 5n, run: () => 1, sym: Symbol("s"), map: new Map([[1, 2]]), set: new Set([3]) }),
      { nan: "NaN", big: "5", run: "[function]", sym: "Symbol(s)", map: [[1, 2]], set: [3] },
    ],
    "an error, with its cause": [
      () => ({ error: Object.assign(new TypeError("no luck", { cause: new Error("why") }), { code: "E_X" }) }),
      { error: { name: "TypeError", message: "no luck", code: "E_X", cause: { name: "Error", message: "why" } } },
    ],
    "a cycle": [refused["a cycle"], { _unreadable: true }],
    "10,000 levels": [refused["10,000 levels"], { _unreadable: true }],
    "a getter that throws": [refused["a getter that throws"], { _unreadable: true }],
    "a toJSON that throws": [
      () => ({
        toJSON() {
          throw new Error("trap");
        },
      }),
      { _unreadable: true },
    ],
    "200 MiB": [() => ({ text: "x".repeat(200 * mib) }), { _cut: expect.stringContaining("characters") }],
    "a key of 1 MiB": [kept["a key of 1 MiB"], { _cut: expect.stringContaining("characters") }],
  };

  test.each(Object.entries(logging))("never fails them: %s", async (_, [fields, logged]) => {
    const talkative = dag("talkative", {}, (d) => {
      d.task("talk", ({ log }: TaskContext) => log.info("message", fields() as Record<string, unknown>));
    });
    await using own = await openEngine({ dags: [talkative] });
    const { tasks, runId } = await own.run(talkative);
    expect(tasks.talk.state).toBe("success");
    const [{ taskInstanceNo }] = await own.engine.tasks("talkative", runId);
    const [line] = await own.store.logs.list({ taskInstanceNo });
    expect(JSON.parse(line.fields as string)).toEqual(logged);
  });

  test("nor does a message that is no text", async () => {
    const messages = [Object.create(null), Symbol("s"), null, { toString: () => 5 }, new Error("boo")];
    const talkative = dag("talkative", {}, (d) => {
      d.task("talk", ({ log }: TaskContext) => {
        for (const message of messages) log.info(message as string);
      });
    });
    await using own = await openEngine({ dags: [talkative] });
    const { tasks, runId } = await own.run(talkative);
    expect(tasks.talk.state).toBe("success");
    const [{ taskInstanceNo }] = await own.engine.tasks("talkative", runId);
    expect((await own.store.logs.list({ taskInstanceNo })).map(({ message }) => message)).toEqual([
      "[a message that throws when it is read]",
      "Symbol(s)",
      "null",
      "5",
      "Error: boo",
    ]);
  });
});
