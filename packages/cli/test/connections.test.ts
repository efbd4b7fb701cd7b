import { chmodSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Project, project } from "./project.ts";

const leaky = `import { dag } from "@millrace/core";
export default dag("leaky", {}, (d) => {
  d.task("leak", async ({ secret, connection, log }) => {
    const token = await secret("api_token");
    const { password } = await connection("shop-db");
    log.info("with " + token);
    console.log(Buffer.from(password).toString("base64"));
    process.stdout.write("raw " + token.slice(0, 6));
    process.stdout.write(token.slice(6) + "\\n");
    void Promise.reject(new Error("stray " + token));
    await new Promise((resolve) => setTimeout(resolve, 20));
    throw new Error("refused " + encodeURIComponent(token) + " of " + password);
  });
});
`;
const env = {
  MILLRACE_SECRET_API_TOKEN: "kq7-Zulu/Tango",
  MILLRACE_CONNECTION_SHOP__DB: "postgres://etl:hunter2-hunter2@127.0.0.1:9/shop",
};
const hidden = /kq7-Zulu|Tango|hunter2|aHVudGVyMi1/;

let server: Server;
let port: number;
let made: Project;
beforeAll(async () => {
  server = createServer((_, response) => response.writeHead(204).end());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  port = (server.address() as AddressInfo).port;
  made = project({
    "dags/leaky.ts": leaky,
    "millrace.config.mjs": `export default { connections: { api: "http://127.0.0.1:${port}/" }, secrets: { file: "./secrets.yaml" } };`,
    "secrets.yaml": "connections: {cache: 'redis://:hunter2-hunter2@127.0.0.1:9'}",
  });
  chmodSync(join(made.folder, "secrets.yaml"), 0o600);
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

describe("millrace connections list", () => {
  it("has names, types and places, and no value", async () => {
    const listed = await made.here(["connections", "list", "-o", "json"], undefined, env);
    expect(listed.code).toBe(0);
    expect(listed.json<unknown>()).toEqual([
      { name: "api", type: "http", from: "the config", problem: null },
      { name: "cache", type: "redis", from: `the file ${join(made.folder, "secrets.yaml")}`, problem: null },
      { name: "shop-db", type: "postgres", from: "the environment", problem: null },
    ]);
    const table = await made.here(["connections", "list"], undefined, env);
    expect(table.out).toMatch(/^connection +type +from\napi +http +the config\n/);
    expect(`${listed.out}${listed.err}${table.out}${table.err}`).not.toMatch(/hunter2|127\.0\.0\.1|etl/);
  });

  it("says what cannot be read, and how it is mended", async () => {
    const broken = { ...env, MILLRACE_CONNECTION_BROKEN: "postgres://u:hunter2#2@h/d" };
    const listed = await made.here(["connections", "list"], undefined, broken);
    expect(listed.code).toBe(2);
    expect(listed.err).toContain("Connection 'broken' from the environment cannot be used");
    expect(`${listed.out}${listed.err}`).not.toMatch(hidden);
    chmodSync(join(made.folder, "secrets.yaml"), 0o644);
    try {
      const open = await made.here(["connections", "list"], undefined, env);
      expect(open.code).toBe(2);
      expect(open.out).toContain("shop-db");
      expect(open.err).toContain(`chmod 600 ${join(made.folder, "secrets.yaml")}`);
    } finally {
      chmodSync(join(made.folder, "secrets.yaml"), 0o600);
    }
  });
});

describe("millrace connections test", () => {
  it("exits with 0 where something answers", async () => {
    const tested = await made.here(["connections", "test", "api", "-o", "json"]);
    expect(tested.json()).toEqual({
      name: "api",
      type: "http",
      from: "the config",
      ok: true,
      detail: "HEAD is answered with 204",
    });
    expect(tested.code).toBe(0);
  });

  it("exits with 5 where nothing does, with 3 for one that there is not, with 2 for a wrong name or time", async () => {
    const refused = await made.here(["connections", "test", "shop-db"], undefined, env);
    expect(refused.code).toBe(5);
    expect(refused.out).toBe(
      "✗ shop-db (postgres, from the environment)\n  127.0.0.1:9 refuses connections (ECONNREFUSED)\n",
    );
    const missing = await made.here(["connections", "test", "nothing", "-o", "json"]);
    expect(missing.json()).toMatchObject({ error: { code: "CONNECTION_NOT_FOUND" } });
    expect(missing.code).toBe(3);
    for (const name of ["../x", "__proto__", "A", "", "a\u001b[2J", "x".repeat(300)]) {
      const wrong = await made.here(["connections", "test", "-o", "json", "--", name]);
      expect(wrong.json()).toMatchObject({ error: { code: "SECRET_NAME_INVALID" } });
      expect(wrong.code).toBe(2);
    }
    expect((await made.here(["connections", "test", "api", "--timeout", "soon"])).code).toBe(2);
  });
});

it("what a task was given is in nothing that the command prints, now or later", async () => {
  const calls = [
    ["run", "leaky", "--run-id", "one", "--debug"],
    ["tasks", "test", "leaky", "leak"],
    ["tasks", "logs", "leaky", "one", "leak"],
    ["runs", "show", "leaky", "one", "-o", "json"],
    ["config", "explain"],
  ];
  for (const call of calls) {
    const makes = call[0] === "run" || call[1] === "test";
    const { out, err, code } = await (makes ? made.millrace(call, { env }) : made.here(call, undefined, env));
    expect(`${out}${err}`, call.join(" ")).not.toMatch(hidden);
    expect(`${out}${err}`, call.join(" ")).toContain("***");
    if (makes) expect(err).toContain("stray ***");
    expect(code, call.join(" ")).toBe(makes ? 1 : 0);
  }
});
