import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createEngine } from "../../src/engine/create-engine.ts";
import type { EngineService, ServiceHost } from "../../src/engine/service.ts";
import { type Dag, dag } from "../../src/index.ts";
import type { TaskLine } from "../../src/runtime/log-sink.ts";
import { givenSecrets } from "../../src/secrets/given-provider.ts";
import { memoryStore } from "../../src/store/memory-store.ts";
import type { XComStage } from "../../src/xcom/parts.ts";
import { bundledDags, ran } from "../threads/bundled-dags.ts";

const value = "kq7-Zulu/Tango+92";
const password = "p@ss:w0rd/é";
const secrets = [
  givenSecrets({
    secrets: {
      api_token: value,
      pin: "20261122",
      pem: "-----BEGIN KEY-----\nMIIEvQIBADANBg\nkqhkiG9w0BAQEF\n-----END KEY-----\n",
    },
    connections: { shop: `postgres://etl:${encodeURIComponent(password)}@db.local:5432/shop?token=Opt10n-Token` },
  }),
];

/** Nothing that was handed out, in any form that could be turned back by hand. */
function expectNoSecret(text: string): void {
  const all = [value, password, "MIIEvQIBADANBg", "kqhkiG9w0BAQEF", "Opt10n-Token"];
  for (const each of all)
    for (const form of [
      each,
      encodeURIComponent(each),
      JSON.stringify(each).slice(1, -1),
      Buffer.from(each).toString("base64").replace(/=+$/, "").slice(0, -1),
    ])
      expect(text).not.toContain(form);
}

const tasks = `
  d.task("prints", async ({ secret, connection, log }) => {
    const token = await secret("api_token");
    const shop = await connection("shop");
    log.info("token is " + token, { token, url: "http://x/?t=" + encodeURIComponent(token), deep: [shop] });
    log.debug(Buffer.from("user:" + shop.password).toString("base64"));
    console.log("shop", shop);
    console.error(new Error("no " + token));
    log.info("number", { pin: Number(await secret("pin")), other: 20261123 });
    log.info(token.slice(0, 9));
    log.warn("between");
    log.info(token.slice(9));
    console.log(await secret("pem"));
    for (const line of (await secret("pem")).split("\\n")) console.log(line);
    console.log(token.slice(0, 9));
    console.log(token.slice(9));
    console.log("x".repeat(65_530) + token);
  });
  d.task("throws", async ({ secret }) => {
    const token = await secret("api_token");
    throw Object.assign(new Error("refused " + token, { cause: new Error(token) }), { code: token });
  });
  d.task("skips", async ({ secret }) => { throw skip("for " + (await secret("api_token"))); });
  d.task("fails", async ({ secret }) => { throw fail("for " + (await secret("api_token"))); });
  d.task("measures", async ({ secret, metrics }) => {
    metrics.counter("calls_total", { help: "With " + (await secret("api_token")) }).add(1, { token: await secret("api_token") });
  });
  d.task("returns", async ({ secret }) => secret("api_token"));
`;

/** Everything that the store keeps of a run, but for values that tasks passed on. */
async function storedOf(done: Awaited<ReturnType<typeof ran>>): Promise<string> {
  const { engine, result } = done;
  const rows = await engine.tasks(result.dagId, result.runId);
  const logs = await Promise.all(Object.keys(result.tasks).map((task) => done.logOf(task)));
  return JSON.stringify([rows, logs, await engine.events(), result.tasks]);
}

let dags: { readonly inline: Dag; readonly thread: Dag };
beforeAll(async () => {
  dags = await bundledDags(tasks, { options: '{ runState: "any_failed" }' });
});

describe.each(["inline", "thread"] as const)("a secret that a task was given (%s)", (where) => {
  test("stands in nothing that is stored, told or measured", async () => {
    const told: TaskLine[] = [];
    const heard: unknown[] = [];
    await using done = await ran(dags[where], {
      secrets,
      threads: { max: 1 },
      onTaskLine: (line) => told.push(line),
    });
    const { engine, result } = done;
    for await (const event of engine.follow({ after: 0, runNo: 1, untilEnd: true })) heard.push(event);
    expect(result.tasks["prints"]?.state).toBe("success");
    const stored = await storedOf(done);
    expectNoSecret(stored);
    expectNoSecret(JSON.stringify([told, heard]));
    expectNoSecret(engine.metrics.prometheus());
    // It was there to be masked.
    expect(result.tasks["throws"]?.error?.message).toBe("refused ***");
    expect(result.tasks["throws"]?.error?.stack).toContain("***");
    expect(result.tasks["skips"]?.error?.message).toBe("for ***");
    expect(result.tasks["fails"]?.error?.message).toBe("for ***");
    expect(engine.metrics.prometheus()).toContain('token="***"');
    expect(told.some(({ message }) => message === "token is ***")).toBe(true);
    const lines = await done.logOf("prints");
    expect(JSON.parse(lines[0]?.fields ?? "")).toMatchObject({ token: "***", url: "http://x/?t=***" });
    expect(lines.find(({ message }) => message === "number")?.fields).toBe('{"pin":"***","other":20261123}');
    const between = lines.findIndex(({ message }) => message === "between");
    expect(lines.slice(between - 1, between + 2).map(({ message }) => message)).toEqual(["***", "between", "***"]);
    // Data stays data.
    expect(await result.xcom("returns")).toBe(value);
  });
});

describe("beside the engine", () => {
  const printed: string[] = [];
  const original = globalThis.console;
  beforeEach(() => {
    printed.length = 0;
    globalThis.console = { ...original, log: (...args: unknown[]) => void printed.push(args.join(" ")) } as Console;
  });
  afterEach(() => {
    globalThis.console = original;
  });

  test("callbacks are told masked errors, and what they throw is masked; so is what services report", async () => {
    const told: unknown[] = [];
    let token = "";
    const calls = dag(
      "calls",
      {
        runState: "any_failed",
        onFailure: () => {
          throw new Error(`callback of the run ${token}`);
        },
      },
      (d) => {
        const onFailure = (context: unknown): void => {
          told.push(context);
          throw new Error(`callback ${token}`);
        };
        d.task("throws", { onFailure }, async ({ secret }) => {
          token = await secret("api_token");
          throw new Error(`refused ${token}`);
        });
      },
    );
    const hosts: ServiceHost[] = [];
    const service: EngineService = { name: "one", start: (host) => void hosts.push(host), stop: () => undefined };
    const store = memoryStore();
    await using engine = await createEngine({ dags: [calls], store, secrets, services: [service] });
    await engine.start();
    const heard: unknown[] = [];
    engine.observe((event) => heard.push(event));
    await engine.run(calls);
    hosts[0]?.report(new Error(`lost ${token}`));
    await engine.signal("one more group");
    await engine.signal("and one for what came with it");
    const events = await engine.events();
    const messages = events.filter(({ kind }) => /callback.failed|service.failed/.test(kind)).map(({ data }) => data);
    expect(messages).toEqual([
      '{"state":"failed","message":"callback of the run ***"}',
      '{"service":"one","message":"lost ***"}',
    ]);
    expectNoSecret(JSON.stringify([told, heard, events]));
    expect(told).toMatchObject([{ error: { message: "refused ***" } }]);
    expect(JSON.stringify(heard)).toContain("callback of the run ***");
    expect(hosts[0]?.mask(`Bearer ${token}`)).toBe("Bearer ***");
    const [{ runId }] = await engine.runs();
    const [row] = await engine.tasks("calls", runId);
    const logs = await store.logs.list({ taskInstanceNo: row.taskInstanceNo });
    expect(logs.map(({ message }) => message)).toEqual(["the callback for 'failed' failed: callback ***"]);
  });

  test("why a run was cancelled is told without secrets, by the result, the event and the store", async () => {
    const held = dag("held", {}, (d) => {
      d.task("hold", async ({ secret, signal, log }) => {
        await secret("api_token");
        log.info("holding");
        await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error)));
      });
    });
    const { promise: holding, resolve } = Promise.withResolvers<void>();
    await using engine = await createEngine({
      dags: [held],
      store: memoryStore(),
      secrets,
      onTaskLine: () => resolve(),
    });
    const ended = engine.run(held, { runId: "one" });
    await holding;
    await engine.cancel("held", "one", `the token ${value} is out`);
    const result = await ended;
    const told = JSON.stringify([
      result.note,
      result.summary,
      result.tasks,
      await engine.events(),
      await engine.runs(),
    ]);
    expect(result.note).toContain("the token *** is out");
    expectNoSecret(told);
  });

  test("why a task could not be mapped is told without secrets, by the result and the store", async () => {
    const leaky: XComStage = {
      kind: "stage",
      name: "leaky",
      marker: "_xcom_leaky",
      bytesField: "data",
      effect: "other",
      write: async (bytes) => ({ envelope: { _xcom_leaky: true }, bytes }),
      read: async () => {
        throw new Error(`cannot be opened with ${value}`);
      },
    };
    const maps = dag("maps", {}, (d) => {
      const list = d.task("list", async ({ secret }) => ((await secret("api_token")) === "" ? [] : [1, 2]));
      d.map("each", { over: list }, ({ element }) => element);
    });
    await using done = await ran(maps, { secrets, xcom: { backend: [leaky] } });
    expect(done.result.tasks["each"]?.reason).toContain("cannot be opened with ***");
    expectNoSecret(await storedOf(done));
  });

  test("what shell commands print is masked, also in lines", async () => {
    const shells = dag("shells", {}, (d) => {
      const given = d.task("given", async ({ secret }) => void (await secret("api_token")));
      const half = value.slice(0, 8);
      const rest = value.slice(8);
      d.shell("echo", { command: ["printf", `%s\\n%s\\n%s\\n`, `it is ${value}`, half, rest], env: {} }).after(given);
      d.shell("fails", { command: `echo ${Buffer.from(value).toString("base64")} >&2; exit 3`, shell: true }).after(
        given,
      );
    });
    await using done = await ran(shells, { secrets });
    expect((await done.logOf("echo")).map(({ message }) => message)).toEqual(["it is ***", "***", "***"]);
    expect((await done.logOf("fails")).map(({ message }) => message)).toContain("***");
  });

  test("what a task has set going and left behind prints without secrets", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const leaves = dag("leaves", {}, (d) => {
      d.task("leave", async ({ secret }) => {
        const token = await secret("api_token");
        setTimeout(() => {
          console.log("late", token, "%s");
          resolve();
        }, 30);
      });
    });
    await using done = await ran(leaves, { secrets });
    await promise;
    expect(done.result.state).toBe("success");
    expect(printed).toEqual(["late *** %s"]);
  });
});

test("variables of secrets are not given to shell commands or threads, unless asked for", async () => {
  process.env["MILLRACE_SECRET_INHERITED"] = "not-for-children";
  process.env["MILLRACE_CONNECTION_INHERITED"] = "http://not-for-children/";
  try {
    const shells = dag("env", {}, (d) => {
      d.shell("all", { command: ["env"] });
    });
    await using shell = await ran(shells);
    expect(JSON.stringify(await shell.logOf("all"))).not.toMatch(/INHERITED|not-for-children/);
    const { thread } = await bundledDags(
      'd.task("env", () => Object.keys(process.env).filter((key) => key.includes("INHERITED")));',
    );
    await using none = await ran(thread, { threads: { max: 1 } });
    expect(await none.result.xcom("env")).toEqual([]);
    await using asked = await ran(thread, { threads: { max: 1, env: ["MILLRACE_SECRET_INHERITED"] } });
    expect(await asked.result.xcom("env")).toEqual(["MILLRACE_SECRET_INHERITED"]);
  } finally {
    delete process.env["MILLRACE_SECRET_INHERITED"];
    delete process.env["MILLRACE_CONNECTION_INHERITED"];
  }
});
