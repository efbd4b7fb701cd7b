import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Engine } from "../../src/engine/engine.ts";
import { dag, type ShellOptions } from "../../src/index.ts";
import { openEngine } from "../test-engine.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "shell-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const shelled = (options: ShellOptions) =>
  dag("shelled", {}, (d) => {
    d.shell("t", options);
  });

/** Programs take real time, so the run is waited for while the clock stands. */
async function run(options: ShellOptions) {
  const dagged = shelled(options);
  await using opened = await openEngine({ dags: [dagged] });
  const result = await opened.engine.run(dagged);
  await opened.clock.advance(1_000);
  const [task] = await opened.engine.tasks("shelled", result.runId);
  const lines = await opened.store.logs.list({ taskInstanceNo: task?.taskInstanceNo ?? 0 });
  return { result, output: await result.xcom("t"), lines: lines.map(({ level, message }) => [level, message]) };
}

/** Ends once the file is there: the program has come so far. */
async function whenThere(path: string): Promise<string> {
  while (!existsSync(path) || readFileSync(path, "utf8") === "") await new Promise((resolve) => setImmediate(resolve));
  return readFileSync(path, "utf8");
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // A zombie that nobody has waited for yet is dead too.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

async function whenDead(pid: number): Promise<void> {
  while (isAlive(pid)) await new Promise((resolve) => setImmediate(resolve));
}

describe("a shell task", () => {
  test("gives its last line as the result and the rest to its log", async () => {
    const { result, output, lines } = await run({ command: ["printf", "one\\ntwo\\nthree\\n"] });
    expect(result.state).toBe("success");
    expect(output).toBe("three");
    expect(lines).toEqual([
      ["info", "one"],
      ["info", "two"],
      ["info", "three"],
    ]);
  });

  test("hands its arguments on as they are: no shell sees them", async () => {
    const { output } = await run({ command: ["printf", "%s|", "a b", "$HOME", "`id`", "; exit 3", "*", "'\""] });
    expect(output).toBe("a b|$HOME|`id`|; exit 3|*|'\"|");
  });

  test("runs a shell only if asked for", async () => {
    expect((await run({ command: "echo $((20 + 1)) | tr 1 2", shell: true })).output).toBe("22");
    expect(() => shelled({ command: "echo hello" })).toThrow(/list of program and arguments/);
    expect(() => shelled({ command: ["echo"], shell: true })).toThrow(/command text/);
    expect(() => shelled({ command: ["echo", "a\0b"] })).toThrow(/DAG_OPTION_INVALID/);
    expect(() => shelled({ command: [] })).toThrow(/DAG_OPTION_INVALID/);
  });

  test("fails by its exit code, and by a signal", async () => {
    const coded = await run({ command: ["sh", "-c", "echo last words >&2; exit 7"] });
    expect(coded.result.tasks["t"].error).toMatchObject({ code: "SHELL_FAILED", message: /exit code 7/ });
    expect(coded.lines).toEqual([["warn", "last words"]]);
    const killed = await run({ command: ["sh", "-c", "kill -KILL $$"] });
    expect(killed.result.tasks["t"].error?.message).toMatch(/signal SIGKILL/);
  });

  test("a program that is not there, or a folder, fails the task", async () => {
    expect((await run({ command: ["no-such-program-here"] })).result.tasks["t"].error?.message).toMatch(/ENOENT/);
    expect((await run({ command: ["true"], cwd: join(folder, "none") })).result.tasks["t"].error?.message).toMatch(
      /ENOENT/,
    );
  });

  test("sees a few variables of the engine's environment and its own, and no other", async () => {
    process.env["MILLRACE_TEST_SECRET"] = "hunter2";
    try {
      const { lines } = await run({ command: ["env"], env: { REGION: "eu" } });
      const names = lines.map(([, line]) => line.split("=")[0]);
      expect(lines).toContainEqual(["info", "REGION=eu"]);
      expect(names).toContain("PATH");
      const allowed = ["PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "REGION", "PWD", "SHLVL", "_"];
      expect(names.filter((name) => !allowed.includes(name))).toEqual([]);
    } finally {
      delete process.env["MILLRACE_TEST_SECRET"];
    }
  });

  test("cuts lines that are too long, and says so", async () => {
    const program = "process.stdout.write('a'.repeat(200000) + '\\n' + 'b'.repeat(70000) + '\\nend\\n')";
    const { output, lines } = await run({ command: [process.execPath, "-e", program] });
    expect(output).toBe("end");
    expect(lines).toHaveLength(3);
    for (const [place, letter] of ["a", "b"].entries()) {
      expect(lines[place]?.[1].startsWith(letter.repeat(60_000))).toBe(true);
      expect(lines[place]?.[1].length).toBeLessThan(70_000);
      expect(lines[place]?.[1]).toMatch(/\[cut\]$/);
    }
  });

  test("reads letters that are cut in two by a chunk", async () => {
    const program =
      "const b = Buffer.from('aä€😀\\n'); for (const x of b) require('fs').writeSync(1, Buffer.from([x]))";
    expect((await run({ command: [process.execPath, "-e", program] })).output).toBe("aä€😀");
  });
});

describe("stopping a shell task", () => {
  const grandchild = (more: string) => ["sh", "-c", `sh -c 'echo $$ > ${folder}/pid; ${more} sleep 1000' & wait`];

  async function stopped(command: string[], stop: (engine: Engine) => Promise<unknown>) {
    const dagged = shelled({ command });
    await using opened = await openEngine({ dags: [dagged] });
    const { engine } = opened;
    const ended = engine.run(dagged, { runId: "r" });
    const pid = Number(await whenThere(join(folder, "pid")));
    await stop(engine);
    const result = await ended;
    expect(result.state).toBe("cancelled");
    return pid;
  }

  test("ends the whole group of processes, grandchildren too", async () => {
    const pid = await stopped(grandchild(""), (engine) => engine.cancel("shelled", "r"));
    await whenDead(pid);
  });

  test("kills what does not listen, after five seconds", async () => {
    const deaf = shelled({ command: ["sh", "-c", `trap '' TERM; echo $$ > ${folder}/pid; while :; do sleep 1; done`] });
    await using opened = await openEngine({ dags: [deaf] });
    const { engine, clock } = opened;
    const ended = engine.run(deaf, { runId: "r" });
    const pid = Number(await whenThere(join(folder, "pid")));
    await engine.cancel("shelled", "r");
    await ended;
    await clock.advance(4_900);
    expect(isAlive(pid)).toBe(true);
    await clock.advance(200);
    await whenDead(pid);
  });

  test("gives every process of the group its five seconds", async () => {
    // The program ends at once; its child, which prints nowhere, takes its time and is not listened to.
    writeFileSync(
      join(folder, "child.sh"),
      `trap 'echo asked > ${folder}/asked' TERM; echo $$ > ${folder}/pid; while :; do sleep 1; done`,
    );
    const parted = shelled({ command: ["sh", "-c", `sh ${folder}/child.sh > /dev/null 2>&1 & wait`] });
    await using opened = await openEngine({ dags: [parted] });
    const { engine, clock } = opened;
    const ended = engine.run(parted, { runId: "r" });
    const pid = Number(await whenThere(join(folder, "pid")));
    await engine.cancel("shelled", "r");
    await ended;
    await whenThere(join(folder, "asked"));
    expect(isAlive(pid)).toBe(true);
    await clock.advance(5_000);
    await whenDead(pid);
  });

  test("ends what the program left running behind it", async () => {
    // The program itself is over; what it left holds its output open, so the task is not.
    const left = ["sh", "-c", `sh -c 'echo $$ > ${folder}/pid; sleep 1000' & exit 0`];
    const pid = await stopped(left, async (engine) => {
      await new Promise((resolve) => setImmediate(resolve));
      await engine.cancel("shelled", "r");
    });
    await whenDead(pid);
  });

  test("an attempt that takes too long is stopped the same way", async () => {
    const slow = dag("shelled", {}, (d) => {
      d.shell("t", { command: grandchild(""), executionTimeout: "30s" });
    });
    await using opened = await openEngine({ dags: [slow] });
    const ended = opened.engine.run(slow);
    const pid = Number(await whenThere(join(folder, "pid")));
    await opened.clock.advance(30_000);
    expect((await ended).tasks["t"].error?.code).toBe("TASK_TIMEOUT");
    await whenDead(pid);
  });
});
