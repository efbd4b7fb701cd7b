import { Readable } from "node:stream";
import { describe, expect, test } from "vitest";
import { dag, type TaskContext } from "../../src/index.ts";
import type { XComStage } from "../../src/xcom/parts.ts";
import { openEngine } from "../test-engine.ts";

/** Runs `write`, then `read` in a task after it; gives what `read` returned. */
async function between(write: (context: TaskContext) => unknown, read: (context: TaskContext) => unknown) {
  const two = dag("two", {}, (d) => {
    const writer = d.task("writer", write);
    d.task("reader", read).after(writer);
  });
  const opened = await openEngine({ dags: [two] });
  await using _ = opened;
  const result = await opened.run(two);
  expect(result.tasks["reader"].error).toBeNull();
  return result.xcom("reader");
}

describe("push and pull", () => {
  test("a value under a key, the result under its own, and defaults for what is not there", async () => {
    expect(
      await between(
        async ({ xcom }) => {
          await xcom.push("k", { a: 1n });
          return "result";
        },
        async ({ xcom }) => ({
          key: await xcom.pull({ task: "writer", key: "k" }),
          result: await xcom.pull({ task: "writer" }),
          none: (await xcom.pull({ task: "writer", key: "none" })) ?? "undefined",
          other: await xcom.pull({ task: "writer", key: "none", default: 5 }),
          list: await xcom.pull({ task: ["writer", "writer", "reader"], default: "-" }),
          lists: await xcom.pull({ task: ["writer", "reader"], key: "k", default: "-" }),
        }),
      ),
    ).toEqual({
      key: { a: 1n },
      result: "result",
      none: "undefined",
      other: 5,
      list: ["result", "result", "-"],
      lists: [{ a: 1n }, "-"],
    });
  });

  test("a task need not wait for its pushes", async () => {
    expect(
      await between(
        ({ xcom, lineage }) => {
          void xcom.push("a", 1);
          void xcom.pushAll("p", { x: 2, y: 3 });
          void xcom.pushStream("s", Readable.from(["abc"]));
          void lineage("source", "one");
          void lineage("source", "two");
        },
        async ({ xcom }) => {
          const pieces: string[] = [];
          for await (const piece of await xcom.pullStream({ task: "writer", key: "s" }))
            pieces.push(Buffer.from(piece).toString());
          const found = await xcom.pullAvailable("writer", ["a", "p_x", "p_y"]);
          const lineage = (await xcom.pull({ task: "writer", key: "data_lineage" })) as { transformation: string }[];
          return { found, pieces, lineage: lineage.map(({ transformation }) => transformation) };
        },
      ),
    ).toEqual({
      found: { available: { a: 1, p_x: 2, p_y: 3 }, missing: [] },
      pieces: ["abc"],
      lineage: ["one", "two"],
    });
  });

  test("a push that goes wrong fails the task, waited for or not", async () => {
    const broken = dag("broken", {}, (d) => {
      d.task("value", ({ xcom }) => void xcom.push("k", { f: () => 1 }));
      d.task("key", ({ xcom }) => void xcom.push("a/b", 1));
      d.task("stream", ({ xcom }) => {
        const source = async function* () {
          yield "a";
          throw new Error("the source broke");
        };
        void xcom.pushStream("s", source());
      });
      d.task("caught", async ({ xcom }) => {
        try {
          await xcom.push("k", Symbol("s"));
        } catch {
          return "went on";
        }
      });
    });
    await using opened = await openEngine({ dags: [broken] });
    const { tasks } = await opened.run(broken);
    expect(tasks["value"].error).toMatchObject({ code: "XCOM_UNSUPPORTED" });
    expect(tasks["key"].error).toMatchObject({ code: "XCOM_KEY_INVALID" });
    expect(tasks["stream"].error?.message).toBe("the source broke");
    expect(tasks["caught"].state).toBe("success");
  });

  test("pushes of a failed attempt are kept; those of a retry replace them", async () => {
    const retried = dag("retried", {}, (d) => {
      d.task("t", { retries: { max: 1, delay: "1s" } }, async ({ xcom, attempt }) => {
        const before = await xcom.pull({ key: `only${attempt - 1}`, default: "unseen" });
        await xcom.push(`only${attempt}`, before);
        await xcom.push("both", attempt);
        throw new Error("always");
      });
      d.task("after", { triggerRule: "all_done" }, ({ xcom }) =>
        xcom.pullAvailable("t", ["only1", "only2", "both"]),
      ).after(d.empty("between", { triggerRule: "all_done" }).after());
    });
    await using opened = await openEngine({ dags: [retried] });
    const { engine, clock } = opened;
    const ended = engine.run(retried, { runId: "r" });
    await clock.settle();
    expect(await engine.xcom("retried", "r", "t", { key: "both" })).toBe(1);
    const result = await clock.drive(ended);
    const keys = (await opened.store.xcoms.ofRun(1)).filter(({ taskId }) => taskId === "t").map(({ key }) => key);
    expect(keys).toEqual(["both", "only2"]);
    expect(await result.xcom("t", { key: "both" })).toBe(2);
    expect(await result.xcom("t", { key: "only2" })).toBe("unseen");
  });

  test("a task that pushes its own return_value keeps that", async () => {
    expect(
      await between(
        async ({ xcom }) => {
          await xcom.push("return_value", "pushed");
          return "returned";
        },
        ({ xcom }) => xcom.pull({ task: "writer" }),
      ),
    ).toBe("pushed");
  });

  test("unknown tasks, runs and keys are told", async () => {
    const codes: unknown[] = [];
    await between(
      () => undefined,
      async ({ xcom }) => {
        const asked = [
          () => xcom.pull({ task: "nobody" }),
          () => xcom.pull({ task: "writer", run: "never" }),
          () => xcom.pull({ task: "writer", run: "../x" }),
          () => xcom.pull({ task: "writer", key: "" }),
          () => xcom.pullStream({ task: "writer", key: "none" }),
          () => xcom.clear({ task: "nobody" }),
        ];
        for (const ask of asked) codes.push(await ask().then(String, (error: { code: string }) => error.code));
      },
    );
    expect(codes).toEqual([
      "TASK_NOT_FOUND",
      "RUN_NOT_FOUND",
      "RUN_ID_INVALID",
      "XCOM_KEY_INVALID",
      "XCOM_NOT_FOUND",
      "TASK_NOT_FOUND",
    ]);
  });

  test("unique keys are unique, and hold the base", async () => {
    const keys = (await between(
      ({ xcom }) => {
        const made = Array.from({ length: 100 }, () => xcom.uniqueKey("part"));
        expect(new Set(made).size).toBe(100);
        return made;
      },
      ({ xcom }) => xcom.pull({ task: "writer" }),
    )) as string[];
    for (const key of keys) expect(key).toMatch(/^part_[0-9a-f]{8}$/);
  });

  test("pushAll tells what it pushed", async () => {
    expect(
      await between(
        ({ xcom }) => xcom.pushAll("m", { a: 1, b: [2] }),
        ({ xcom }) => xcom.pull({ task: "writer" }),
      ),
    ).toEqual({
      keys_pushed: ["m_a", "m_b"],
      total_items: 2,
      push_timestamp: "2026-10-22T12:00:00Z",
    });
  });
});

describe("clear", () => {
  test("removes and tells what; what this attempt has pushed too", async () => {
    const clearing = dag("clearing", {}, (d) => {
      const a = d.task("a", async ({ xcom }) => {
        await xcom.pushAll("k", { one: 1, two: 22 });
        return "a";
      });
      const b = d.task("b", async ({ xcom }) => {
        await xcom.push("mine", 333);
        const some = await xcom.clear({ task: "a", keys: ["k_one"] });
        const again = await xcom.pull({ task: "a", key: "k_one", default: "gone" });
        const own = await xcom.clear({ task: "b" });
        return { some, again, own };
      });
      b.after(a);
      d.task("c", ({ xcom }) => xcom.clear()).after(b);
    });
    await using opened = await openEngine({ dags: [clearing] });
    const result = await opened.run(clearing);
    expect(await result.xcom("c")).toMatchObject({
      removed: [
        { task: "a", mapIndex: -1, key: "k_two", sizeBytes: 2 },
        { task: "a", mapIndex: -1, key: "return_value", sizeBytes: 3 },
        { task: "b", mapIndex: -1, key: "return_value" },
      ],
    });
    expect(await result.xcom("a")).toBeUndefined();
    const keys = (await opened.store.xcoms.ofRun(1)).map(({ taskId, key }) => `${taskId}.${key}`);
    expect(keys).toEqual(["c.return_value"]);
  });

  test("of an attempt that fails is recorded with it", async () => {
    const failing = dag("failing", {}, (d) => {
      const a = d.task("a", () => "kept?");
      d.task("b", async ({ xcom }) => {
        await xcom.clear({ task: "a" });
        throw new Error("after clearing");
      }).after(a);
    });
    await using opened = await openEngine({ dags: [failing] });
    expect(await (await opened.run(failing)).xcom("a")).toBeUndefined();
  });
});

describe("other runs", () => {
  test("a run by its id, the newest before by `prior`, and never a later one", async () => {
    const seen: unknown[] = [];
    const daily = dag("daily", {}, (d) => {
      const value = d.task("value", ({ logicalDate, conf }) =>
        conf["leave"] ? `${logicalDate}`.slice(0, 10) : undefined,
      );
      d.task("look", async ({ xcom, conf }) => {
        seen.push([
          await xcom.pull({ task: value, key: "return_value", default: "none" }),
          await xcom.pull({ task: value, key: "return_value", prior: true, default: "none" }),
          conf["run"] ? await xcom.pull({ task: value, run: conf["run"] as string, key: "return_value" }) : "-",
        ]);
      }).after(value);
    });
    await using opened = await openEngine({ dags: [daily] });
    await opened.run(daily, { runId: "d3", logicalDate: "2026-01-03", conf: { leave: true } });
    await opened.run(daily, { runId: "d1", logicalDate: "2026-01-01", conf: { leave: true } });
    await opened.run(daily, { runId: "d2", logicalDate: "2026-01-02", conf: { run: "d3" } });
    await opened.run(daily, { runId: "d0", logicalDate: "2025-12-31" });
    expect(seen).toEqual([
      ["2026-01-03", "2026-01-03", "-"],
      ["2026-01-01", "2026-01-01", "-"],
      ["none", "2026-01-01", "2026-01-03"],
      ["none", "none", "-"],
    ]);
  });

  test("a mapped task gives the list of the newest earlier run by `prior`, where this run has none", async () => {
    const seen: unknown[] = [];
    const mapped = dag("mapped", {}, (d) => {
      const each = d.map("each", { over: [1, 2] }, ({ element, run, conf }) =>
        conf["leave"] ? `${run.id}-${element}` : undefined,
      );
      d.task("look", async ({ xcom }) => {
        seen.push(await xcom.pull({ task: each.id, prior: true, default: "none" }));
        seen.push(await xcom.pull({ task: each.id, default: "none" }));
      }).after(each);
    });
    await using opened = await openEngine({ dags: [mapped] });
    await opened.run(mapped, { runId: "d0", logicalDate: "2025-12-31" });
    await opened.run(mapped, { runId: "d1", logicalDate: "2026-01-01", conf: { leave: true } });
    await opened.run(mapped, { runId: "d2", logicalDate: "2026-01-02" });
    const left = ["d1-1", "d1-2"];
    expect(seen).toEqual(["none", "none", left, left, left, "none"]);
  });

  test("a mapped task of another run gives its list", async () => {
    const mapped = dag("mapped", {}, (d) => {
      const each = d.map("each", { over: [1, 2] }, ({ element, run }) => `${run.id}${element}`);
      d.task("look", async ({ xcom, conf }) =>
        conf["run"]
          ? {
              all: await xcom.pull({ task: each, run: conf["run"] as string, key: "return_value" }),
              one: await xcom.pull({ task: each, run: conf["run"] as string, mapIndex: 1 }),
            }
          : null,
      ).after(each);
    });
    await using opened = await openEngine({ dags: [mapped] });
    await opened.run(mapped, { runId: "a" });
    const result = await opened.run(mapped, { runId: "b", conf: { run: "a" } });
    expect(await result.xcom("look")).toEqual({ all: ["a1", "a2"], one: "a2" });
  });
});

describe("a backend that insists on the address", () => {
  /** Keeps the address beside the bytes and refuses to read under another one. */
  const sealed: XComStage = {
    kind: "stage",
    name: "sealed",
    marker: "_xcom_sealed",
    bytesField: "data",
    effect: "encrypt",
    write: async (bytes, address) => ({ envelope: { _xcom_sealed: true, address: JSON.stringify(address) }, bytes }),
    read: async (bytes, envelope, address) => {
      if (envelope["address"] !== JSON.stringify(address)) throw new Error(`sealed for ${envelope["address"]}`);
      return bytes;
    },
  };

  test("is given the one under which the value was written", async () => {
    const secret = dag("secret", {}, (d) => {
      const list = d.task("list", () => [1, 2]);
      const each = d.map("each", { over: list, retries: { max: 1, delay: "1s" } }, async ({ element, xcom }) => {
        await xcom.push("own", element);
        return [await xcom.pull({ key: "own" }), await xcom.pull({ task: "list" })];
      });
      d.task("all", { input: each }, async ({ input, xcom }) => ({
        input,
        one: await xcom.pull({ task: each, mapIndex: 1 }),
        key: await xcom.pull({ task: each, key: "own" }),
        before: await xcom.pull({ task: "left", key: "v", prior: true, default: "none" }),
      }));
      d.task("left", async ({ xcom, conf }) => {
        if (conf["leave"]) await xcom.push("v", "from before");
      });
    });
    await using opened = await openEngine({ dags: [secret], xcom: { backend: [sealed] } });
    await opened.run(secret, { logicalDate: "2026-01-01", conf: { leave: true } });
    const result = await opened.run(secret, { logicalDate: "2026-01-02" });
    expect(await result.xcom("all")).toEqual({
      input: [
        [1, [1, 2]],
        [2, [1, 2]],
      ],
      one: [2, [1, 2]],
      key: [1, 2],
      before: "from before",
    });
  });
});

describe("streams", () => {
  test("come back byte by byte, in pieces that need not fit in memory", async () => {
    const size = 3 * 262_144 + 17;
    expect(
      await between(
        ({ xcom }) =>
          xcom.pushStream(
            "big",
            Readable.from(
              (function* () {
                for (let at = 0; at < size; at += 1_000) yield Buffer.alloc(Math.min(1_000, size - at), at % 251);
              })(),
            ),
          ),
        async ({ xcom }) => {
          let at = 0;
          for await (const piece of await xcom.pullStream({ task: "writer", key: "big" }))
            for (const byte of piece) if (byte !== (at - (at++ % 1_000)) % 251) throw new Error(`byte ${at}`);
          return at;
        },
      ),
    ).toBe(size);
  });

  test("an empty one is there, and is empty", async () => {
    expect(
      await between(
        ({ xcom }) => xcom.pushStream("none", Readable.from([])),
        async ({ xcom }) => {
          let count = 0;
          for await (const piece of await xcom.pullStream({ task: "writer", key: "none" })) count += piece.length;
          return count;
        },
      ),
    ).toBe(0);
  });

  test("what is no stream, or was altered, is told", async () => {
    const altered = dag("altered", {}, (d) => {
      const w = d.task("w", async ({ xcom }) => {
        await xcom.push("plain", 1);
        await xcom.pushStream("s", Readable.from(["abc"]));
      });
      d.task("r", async ({ xcom }) => {
        const codes: unknown[] = [];
        for (const key of ["plain", "s"]) {
          try {
            for await (const _ of await xcom.pullStream({ task: w, key })) codes.push("read");
          } catch (error) {
            codes.push((error as { code: string }).code);
          }
        }
        return codes;
      }).after(
        d
          .task("alter", async () => {
            const row = await opened.store.xcoms.get({ taskInstanceNo: 1, key: "s" });
            const { stream_id: streamId } = JSON.parse(row?.stored ?? "{}") as { stream_id: string };
            await opened.store.commit([{ kind: "putChunk", streamId, seq: 0, bytes: Buffer.from("abd"), at: 0 }]);
          })
          .after(w),
      );
    });
    const opened = await openEngine({ dags: [altered] });
    await using _ = opened;
    expect(await (await opened.run(altered)).xcom("r")).toEqual(["XCOM_WRONG_KIND", "read", "XCOM_CORRUPT"]);
  });
});
