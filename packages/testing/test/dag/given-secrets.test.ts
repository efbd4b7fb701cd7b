import { dag } from "@millrace/core";
import { describe, expect, test } from "vitest";
import { createTestEngine, testDag } from "../../src/index.ts";

const fetching = dag("fetching", {}, (d) => {
  d.task("fetch", async ({ connection, secret, log }) => {
    const { host, user } = await connection("shop-db");
    const token = await secret("api_token");
    log.info(`${user}@${host} with ${token}`);
    return token.length;
  });
});

const connections = { "shop-db": "postgres://etl:pass-word@db.local/shop" };

describe("secrets and connections of a test", () => {
  test("are what testDag is given, masked in logs as anywhere", async () => {
    const result = await testDag(fetching, { secrets: { api_token: "k7-Tq92x" }, connections });
    expect(result.orThrow().value("fetch")).toBe(8);
    expect(result.logs("fetch").map(({ message }) => message)).toEqual(["etl@db.local with ***"]);
  });

  test("are what createTestEngine is given, kept for as long as its time says", async () => {
    let asked = 0;
    const counting = { name: "counting", get: async () => `token-${++asked}` };
    await using engine = await createTestEngine({ dags: [fetching], secrets: [counting], connections });
    for (const _ of [1, 2]) expect((await engine.run(fetching)).state).toBe("success");
    expect(asked).toBe(1);
    await engine.advance("5m");
    await engine.run(fetching);
    expect(asked).toBe(2);
  });

  test("never come from the machine that the test runs on", async () => {
    process.env["MILLRACE_SECRET_API_TOKEN"] = "of-the-machine";
    process.env["MILLRACE_CONNECTION_SHOP__DB"] = "http://of.the.machine/";
    try {
      const none = await testDag(fetching);
      expect(none.tasks.fetch?.error?.code).toBe("CONNECTION_NOT_FOUND");
      const one = await testDag(fetching, { connections });
      expect(one.tasks.fetch?.error?.message).toContain("looked for in what the test gives as secrets and connections");
    } finally {
      delete process.env["MILLRACE_SECRET_API_TOKEN"];
      delete process.env["MILLRACE_CONNECTION_SHOP__DB"];
    }
  });

  test("under a name that nobody can ask for are refused", async () => {
    await expect(testDag(fetching, { secrets: { API_TOKEN: "x" } })).rejects.toMatchObject({
      code: "SECRET_NAME_INVALID",
    });
  });
});
