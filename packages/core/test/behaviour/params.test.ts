import { describe, expect, test } from "vitest";
import { z } from "zod";
import { dag } from "../../src/index.ts";
import { memoryDatabase, memoryStore } from "../../src/store/memory-store.ts";
import { openEngine } from "../test-engine.ts";

describe("params", () => {
  const schema = z.object({
    region: z.string().default("eu"),
    since: z.coerce.date().optional(),
    limit: z.string().transform(Number).optional(),
  });
  const seen: unknown[] = [];
  const regional = dag("regional", { params: schema }, (d) => {
    d.task("t", ({ params }) => {
      seen.push(params);
      return params.region.length;
    });
  });

  test("are checked, defaulted and transformed by the schema", async () => {
    seen.length = 0;
    await using opened = await openEngine({ dags: [regional] });
    await opened.run(regional);
    await opened.run(regional, { params: { region: "us", since: "2026-10-22T00:00:00Z", limit: "12" } });
    await opened.run(regional, { params: { since: new Date(5) } });
    expect(seen).toEqual([
      { region: "eu" },
      { region: "us", since: new Date("2026-10-22T00:00:00Z"), limit: 12 },
      { region: "eu", since: new Date(5) },
    ]);
  });

  test("are what the schema returned after a restart too, and not transformed twice", async () => {
    seen.length = 0;
    const database = memoryDatabase();
    const params = { region: "us", since: "2026-10-22T00:00:00Z", limit: "12" };
    const first = await openEngine({ dags: [regional], store: memoryStore({ database }), concurrency: 1 });
    const held = first.engine.trigger(regional, { params });
    await held.catch(() => undefined);
    await first[Symbol.asyncDispose]();
    seen.length = 0;
    await using second = await openEngine({ dags: [regional], store: memoryStore({ database }) });
    await second.clock.drive(second.engine.start());
    await second.clock.settle();
    expect(seen).toEqual([{ region: "us", since: new Date("2026-10-22T00:00:00Z"), limit: 12 }]);
  });

  test("that do not fit are refused before anything is made, every fault with its path", async () => {
    await using opened = await openEngine({ dags: [regional] });
    const { engine, clock } = opened;
    const wrong = clock.drive(engine.run("regional", { params: { region: 5, since: "someday" } }));
    await expect(wrong).rejects.toMatchObject({ code: "PARAMS_INVALID", message: /region: [\s\S]*since: / });
    expect(await engine.runs()).toEqual([]);
  });

  test("without a schema are taken as they are, if they can be kept", async () => {
    const free = dag("free", {}, (d) => {
      d.task("t", ({ params }) => params);
    });
    await using opened = await openEngine({ dags: [free] });
    expect(await (await opened.run(free, { params: { a: [1n] } })).xcom("t")).toEqual({ a: [1n] });
    await expect(opened.clock.drive(opened.engine.run(free, { params: { f: () => 1 } }))).rejects.toMatchObject({
      code: "XCOM_UNSUPPORTED",
    });
  });

  test("of a schema that is asynchronous, or that throws", async () => {
    const checked = dag(
      "checked",
      { params: z.object({ id: z.number() }).refine(async ({ id }) => id !== 13, { message: "not that one" }) },
      (d) => {
        d.task("t", ({ params }) => params.id);
      },
    );
    const broken = dag(
      "broken",
      {
        params: z.object({}).refine(() => {
          throw new Error("schema bug");
        }),
      },
      () => undefined,
    );
    await using opened = await openEngine({ dags: [checked, broken] });
    const { engine, clock } = opened;
    expect(await (await opened.run(checked, { params: { id: 1 } })).xcom("t")).toBe(1);
    await expect(clock.drive(engine.run(checked, { params: { id: 13 } }))).rejects.toMatchObject({
      code: "PARAMS_INVALID",
    });
    await expect(clock.drive(engine.run(broken))).rejects.toThrow("schema bug");
    expect((await opened.run(checked, { params: { id: 2 } })).state).toBe("success");
  });
});

describe("conf", () => {
  const configured = dag("configured", {}, (d) => {
    d.task("t", ({ conf }) => conf);
  });

  test("comes to every task, and is empty unless given", async () => {
    await using opened = await openEngine({ dags: [configured] });
    expect(await (await opened.run(configured, { conf: { a: [1] } })).xcom("t")).toEqual({ a: [1] });
    expect(await (await opened.run(configured)).xcom("t")).toEqual({});
  });

  test.for([null, [1], "text", 5])("that is no plain object is refused: %o", async (conf) => {
    await using opened = await openEngine({ dags: [configured] });
    const wrong = opened.clock.drive(
      opened.engine.run(configured, { conf: conf as unknown as Record<string, unknown> }),
    );
    await expect(wrong).rejects.toMatchObject({ code: "DAG_OPTION_INVALID" });
  });
});
