import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { helloDag, type Project, project } from "./project.ts";

/** Tasks that go on until a file is there; each attempt leaves its number in a file. */
const heldDag = `import { dag } from "@millrace/core";
import { appendFileSync, existsSync } from "node:fs";
import { join } from "node:path";
const folder = process.env.HELD_FOLDER ?? "";
const held = (name: string) => async ({ attempt, signal }: { attempt: number; signal: AbortSignal }) => {
  appendFileSync(join(folder, "attempts.txt"), name + "#" + attempt + "\\n");
  while (!existsSync(join(folder, "go")) && !signal.aborted) await new Promise((resolve) => setTimeout(resolve, 5));
  signal.throwIfAborted();
  return name;
};
export default dag("held", {}, (d) => {
  for (let at = 0; at < 10; at++) d.task("task_" + at, held("task_" + at));
});
`;

/** A config with a service that leaves in a file when it began and stopped. */
const bellConfig = `import { appendFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
const note = (text: string) => appendFileSync(fileURLToPath(new URL("bell.txt", import.meta.url)), text + "\\n");
const bell = {
  name: "bell",
  start: ({ engine }: { engine: { dagIds(): readonly string[] } }) => note("began with " + engine.dagIds().toSorted().join()),
  stop: () => note("stopped"),
};
export default { services: [bell] };
`;

const beside = (): Project & { readonly call: { readonly env: Record<string, string> } } => {
  const made = project({ "dags/hello.ts": helloDag, "dags/held.ts": heldDag });
  return { ...made, call: { env: { HELD_FOLDER: made.folder } } };
};

const attemptsIn = (folder: string): string[] =>
  readFileSync(join(folder, "attempts.txt"), "utf8").trim().split("\n").sort();

const first = Array.from({ length: 10 }, (_, at) => `task_${at}#1`);

describe("millrace start", () => {
  it("makes what it is asked for, tells who it is, and is the only one on its file", async () => {
    const { spawn, millrace, folder, call, write } = beside();
    write({ "millrace.config.ts": bellConfig });
    const start = spawn(["start"], call);
    await start.until("ready");
    expect(readFileSync(join(folder, "bell.txt"), "utf8")).toBe("began with held,hello\n");

    const done = await millrace(["dags", "trigger", "hello", "--wait", "-o", "json"]);
    expect([done.code, done.json()]).toMatchObject([0, { dag: "hello", state: "success", tasks: { shout: {} } }]);
    await start.until(/✓ success +hello {2}manual__/);

    const second = await millrace(["start", "-o", "json"]);
    expect([second.code, second.json()]).toMatchObject([
      4,
      { error: { code: "STORE_LOCKED", hint: expect.stringContaining(`process id ${start.pid}`) } },
    ]);

    await millrace(["dags", "trigger", "held", "--run-id", "long"]);
    await start.until(/running +held/);
    const cancelled = await millrace(["runs", "cancel", "held", "latest", "--yes", "--reason", "enough", "-o", "json"]);
    expect(cancelled.json()).toEqual({ dag: "held", run: "long", cancelled: true });
    await start.until(/■ cancelled +held {2}long/);
    expect((await millrace(["runs", "cancel", "held", "long", "--yes", "-o", "json"])).json()).toMatchObject({
      cancelled: false,
    });
    expect((await millrace(["runs", "cancel", "held", "other", "--yes", "-o", "json"])).code).toBe(3);

    expect(existsSync(join(folder, ".millrace/engine.json"))).toBe(true);
    start.kill("SIGTERM");
    expect((await start.ended).code).toBe(0);
    expect(existsSync(join(folder, ".millrace/engine.json"))).toBe(false);
    expect(readFileSync(join(folder, "bell.txt"), "utf8")).toBe("began with held,hello\nstopped\n");
  });

  it("waits for ten tasks under way when it is told to stop, and begins no other", async () => {
    const { spawn, millrace, folder, call } = beside();
    const start = spawn(["start", "--grace", "10m"], call);
    await start.until("ready");
    await millrace(["dags", "trigger", "held"]);
    await start.until(/running +held/);
    start.kill("SIGTERM");
    await start.until("waiting for 10 attempts, at most 10 min");
    const late = await millrace(["dags", "trigger", "hello", "-o", "json"]);
    writeFileSync(join(folder, "go"), "");
    const ended = await start.ended;
    expect([ended.code, ended.out]).toEqual([0, expect.stringMatching(/✓ success +held[\s\S]* stopped\n$/)]);
    expect(attemptsIn(folder)).toEqual(first);
    expect(late.json()).toMatchObject({ state: "queued" });
    expect((await millrace(["runs", "list", "--dag", "hello", "-o", "json"])).json()).not.toMatchObject([
      { state: "success" },
    ]);
  });

  it("hands ten attempts back on the second signal, and the next one makes them again without using up a retry", async () => {
    const { spawn, millrace, folder, call } = beside();
    const start = spawn(["start", "--grace", "10m"], call);
    await start.until("ready");
    await millrace(["dags", "trigger", "held"]);
    await start.until(/running +held/);
    start.kill("SIGTERM");
    await start.until("waiting for 10 attempts");
    start.kill("SIGTERM");
    const ended = await start.ended;
    expect([ended.code, ended.out]).toEqual([0, expect.stringContaining("10 attempts handed back")]);

    writeFileSync(join(folder, "go"), "");
    const next = spawn(["start"], call);
    await next.until("ready");
    next.kill("SIGTERM");
    const { code, out } = await next.ended;
    expect([code, out]).toEqual([0, expect.stringMatching(/going on with 1 unfinished run[\s\S]*ready/)]);
    expect(out).toMatch(/✓ success +held/);
    expect((await millrace(["tasks", "states", "held", "-o", "json"])).json()).toMatchObject({
      state: "success",
      tasks: first.map(() => ({ state: "success", attempts: 2 })),
    });
  });

  it("killed, leaves its runs to the next one", async () => {
    const { spawn, millrace, folder, call } = beside();
    const start = spawn(["start"], call);
    await start.until("ready");
    await millrace(["dags", "trigger", "held"]);
    await start.until(/running +held/);
    start.kill("SIGKILL");
    await start.ended;
    writeFileSync(join(folder, "go"), "");
    const next = spawn(["start", "-o", "json"], call);
    await next.until(`"kind":"engine.ready"`);
    next.kill("SIGINT");
    const { code, out } = await next.ended;
    expect([code, out]).toEqual([0, expect.stringContaining(`"kind":"runs.adopted","count":1`)]);
    expect(out).toContain(`"kind":"run.success"`);
    const kinds = out
      .trim()
      .split("\n")
      .map((line) => (JSON.parse(line) as { kind: string }).kind);
    expect(kinds[0]).toBe("engine.started");
    expect(kinds.at(-1)).toBe("engine.stopped");
  });
});

describe("without an engine", () => {
  it("a run that is asked for waits for the next one", async () => {
    const { spawn, millrace, call } = beside();
    const waiting = await millrace(["dags", "trigger", "hello", "--run-id", "early"]);
    expect([waiting.code, waiting.err]).toEqual([0, expect.stringContaining("next `millrace start`")]);
    expect((await millrace(["dags", "trigger", "hello", "--wait", "-o", "json"])).json()).toMatchObject({
      error: { code: "ENGINE_NOT_RUNNING" },
    });
    const start = spawn(["start"], call);
    await start.until(/✓ success +hello {2}early/);
    start.kill("SIGTERM");
    await start.ended;
  });

  it("a run can be cancelled, also one whose engine died", async () => {
    const { spawn, millrace, call } = beside();
    const start = spawn(["start"], call);
    await start.until("ready");
    await millrace(["dags", "trigger", "held", "--run-id", "orphan"]);
    await start.until(/running +held/);
    start.kill("SIGKILL");
    await start.ended;
    expect((await millrace(["runs", "cancel", "held", "orphan", "--yes", "-o", "json"])).json()).toMatchObject({
      cancelled: true,
    });
    expect((await millrace(["runs", "show", "held", "orphan", "-o", "json"])).json()).toMatchObject({
      state: "cancelled",
    });
  });
});
