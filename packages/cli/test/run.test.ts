import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { failingDag, helloDag, project } from "./project.ts";

const escapeCode = "\u001b";

describe("millrace run", () => {
  it("runs a DAG without any config, shows each task and sums up", async () => {
    const { millrace, folder } = project({ "dags/hello.ts": helloDag });
    const ended = await millrace(["run", "hello"]);
    expect(ended.code).toBe(0);
    expect(ended.err).toMatch(/✓ success\s+name {2}\d+ ms/);
    expect(ended.out).toMatch(/^task +state +attempts +took$/m);
    expect(ended.out).toMatch(/^greet +✓ success +1 +\d+ ms$/m);
    expect(ended.out).toMatch(/^✓ success in .* · {2}hello {2}manual__/m);
    expect(existsSync(join(folder, ".millrace/millrace.db"))).toBe(true);
  });

  it("prints the result alone on standard output as JSON, even when DAG files print", async () => {
    const { millrace } = project({
      "dags/hello.ts": `console.log("loading");\nprocess.stdout.write("noise\\n");\n${helloDag}`,
    });
    const ended = await millrace(["run", "hello", "-o", "json"]);
    expect(ended.code).toBe(0);
    expect(ended.json()).toMatchObject({
      dag: "hello",
      state: "success",
      summary: "success",
      tasks: { shout: { state: "success", attempts: 1, error: null } },
    });
    expect(ended.err).toContain("loading");
    expect(ended.err).toContain("noise");
  });

  it("shows what tasks print and log as it comes, without its escape codes, and nothing of it with --quiet", async () => {
    const { millrace } = project({
      "dags/talk.ts": `import { dag } from "@millrace/core";
        export default dag("talk", {}, (d) => {
          d.task("inline", ({ log }) => {
            console.log("printed ${"\\u001b"}[31mred");
            log.warn("logged", { rows: 3 });
            log.debug("hidden");
          });
          d.task("threaded", { isolation: "thread" }, () => console.log("from a thread"));
        });`,
    });
    const ended = await millrace(["run", "talk", "-o", "json"]);
    expect(ended.err).toMatch(
      /▸ running +inline\n.*info +inline {2}printed red\n.*warn +inline {2}logged {2}\{"rows":3\}\n/s,
    );
    expect(ended.err).toMatch(/info +threaded {2}from a thread\n/);
    expect(ended.err).not.toContain("hidden");
    expect(ended.err).not.toContain(escapeCode);
    expect(ended.json()).toMatchObject({ state: "success" });
    expect((await millrace(["run", "talk", "--quiet"])).err).not.toContain("printed");
  });

  it("exits with 1 when the run failed, and prints the error of the task without its escape codes", async () => {
    const { millrace } = project({ "dags/failing.ts": failingDag });
    const ended = await millrace(["run", "failing"], { env: { FORCE_COLOR: "0" } });
    expect(ended.code).toBe(1);
    expect(ended.out).toContain("✗ bad: TypeError: no luck today");
    expect(ended.out).toMatch(/dags\/failing\.ts:\d+:\d+/);
    expect(ended.out).toMatch(/never +✗ upstream_failed/);
    expect(ended.out).toMatch(/^✗ failed, 1 task failed/m);
    expect(ended.out + ended.err).not.toContain(escapeCode);
  });

  it("says so when a run succeeded although a task failed", async () => {
    const { millrace } = project({ "dags/failing.ts": failingDag });
    const ended = await millrace(["run", "half_bad"]);
    expect(ended.code).toBe(0);
    expect(ended.out).toMatch(/^✓ success, 1 task failed/m);
  });

  it("runs a DAG beside files that are broken", async () => {
    const { millrace } = project({ "dags/hello.ts": helloDag, "dags/broken.ts": "export const = ;" });
    expect((await millrace(["run", "hello", "--in-memory"])).code).toBe(0);
    const missing = await millrace(["run", "helo"]);
    expect(missing.code).toBe(3);
    expect(missing.err).toContain("Did you mean 'hello'?");
    expect(missing.err).toContain("millrace dags validate");
  });

  it("records nothing with --in-memory", async () => {
    const { millrace, folder } = project({ "dags/hello.ts": helloDag });
    expect((await millrace(["run", "hello", "--in-memory"])).code).toBe(0);
    // The bundles of DAG files are no record of a run.
    expect(readdirSync(join(folder, ".millrace"))).toEqual(["bundles"]);
  });

  it("gives params, conf, date and run id to the run", async () => {
    const { millrace, folder } = project({
      "dags/echo.ts": `import { dag } from "@millrace/core";
import { z } from "zod";
export default dag("echo", { params: z.object({ region: z.string() }) }, (d) => {
  d.task("echo", ({ params, conf, logicalDate, run }) => ({ params, conf, date: logicalDate.toString(), run: run.id }));
});`,
    });
    writeFileSync(join(folder, "params.json"), `{ "region": "eu" }`);
    const args = [
      "run",
      "echo",
      "--params",
      "@params.json",
      "--conf",
      `{"fast":true}`,
      "--date",
      "2026-11-01",
      "--run-id",
      "my-run",
    ];
    expect((await millrace(args)).code).toBe(0);
    const value = (await millrace(["xcom", "get", "echo", "my-run", "echo", "-o", "json"])).json<{ value: unknown }>()
      .value;
    expect(value).toEqual({
      params: { region: "eu" },
      conf: { fast: true },
      date: "2026-11-01T00:00:00Z",
      run: "my-run",
    });

    const again = await millrace([...args, "-o", "json"]);
    expect(again.code).toBe(4);
    expect(again.json()).toMatchObject({ error: { code: "RUN_EXISTS" } });
    const wrong = await millrace(["run", "echo", "--params", `{"region":7}`]);
    expect(wrong.code).toBe(2);
    expect(wrong.err).toMatch(/PARAMS_INVALID[\s\S]*region/);
  });

  it.each([
    [["--params", "{oops"], "JSON_INVALID"],
    [["--params", "[1]"], "JSON_NOT_OBJECT"],
    [["--conf", `{"a":{"__proto__":{"x":1}}}`], "JSON_KEY_REFUSED"],
    [["--params", "@nowhere.json"], "FILE_NOT_READ"],
    [["--run-id", "../../etc"], "RUN_ID_INVALID"],
    [["--date", "yesterday"], "INSTANT_INVALID"],
  ])("refuses %j", async (args, code) => {
    const { millrace } = project({ "dags/hello.ts": helloDag });
    const ended = await millrace(["run", "hello", ...args, "-o", "json"]);
    expect(ended.json()).toMatchObject({ error: { code } });
    expect(ended.code).toBe(code === "FILE_NOT_READ" ? 5 : 2);
  });

  it("cancels the run on Ctrl-C and exits with 130", async () => {
    const { millrace } = project({
      "dags/slow.ts": `import { dag } from "@millrace/core";
export default dag("slow", {}, (d) => { d.task("never", () => new Promise(() => undefined)); });`,
    });
    let isKilled = false;
    const ended = await millrace(["run", "slow"], {
      onOutput: (printed, kill) => {
        if (isKilled || !printed.includes("running")) return;
        isKilled = true;
        kill("SIGINT");
      },
    });
    expect(ended.code).toBe(130);
    expect(ended.err).toContain("Cancelling the run");
    expect(ended.out).toMatch(/^■ cancelled/m);
    expect((await millrace(["runs", "list", "-o", "json"])).json()).toMatchObject([
      { dag: "slow", state: "cancelled" },
    ]);
  });

  it("says what is wrong with a home that cannot be written", async () => {
    const { millrace, folder } = project({ "dags/hello.ts": helloDag });
    writeFileSync(join(folder, "file"), "");
    const ended = await millrace(["run", "hello", "--home", "file/below", "-o", "json"]);
    expect(ended.code).toBe(5);
    expect(ended.json()).toMatchObject({
      error: { code: expect.stringMatching(/^STORE_|^BUNDLE_NOT_KEPT$/), cure: expect.any(String) },
    });
  });

  it("leaves a corrupt database as it is", async () => {
    const { millrace, folder } = project({ "dags/hello.ts": helloDag });
    mkdirSync(join(folder, ".millrace"));
    const file = join(folder, ".millrace/millrace.db");
    writeFileSync(file, "this is not a database, but it is long enough to look like a file that matters".repeat(20));
    const ended = await millrace(["run", "hello", "-o", "json"]);
    expect(ended.code).toBe(5);
    expect(ended.json()).toMatchObject({ error: { code: "STORE_CORRUPT" } });
    expect((await millrace(["runs", "list"])).code).toBe(5);
    expect((await millrace(["db", "check"])).out).toContain("✗");
  });

  it("has a coded error for a DAG whose pool does not exist, and runs it once the pool is there", async () => {
    const pooled = `import { dag } from "@millrace/core";
export default dag("pooled", {}, (d) => { d.task("only", { pool: "warehouse" }, () => 1); });`;
    const { millrace, write } = project({ "dags/pooled.ts": pooled, "dags/hello.ts": helloDag });
    expect((await millrace(["run", "pooled", "-o", "json"])).json()).toMatchObject({ error: { code: "POOL_UNKNOWN" } });
    expect((await millrace(["run", "hello"])).code).toBe(0);
    write({
      "millrace.config.ts": `import { defineConfig } from "@millrace/core";\nexport default defineConfig({ pools: { warehouse: 2 } });`,
    });
    expect((await millrace(["run", "pooled"])).code).toBe(0);
  });

  it("--quiet leaves only the payload", async () => {
    const { millrace } = project({ "dags/hello.ts": helloDag });
    const ended = await millrace(["run", "hello", "--quiet", "--in-memory"]);
    expect(ended.err).toBe("");
    expect(ended.out).toContain("✓ success");
  });

  it("tells a rejected promise that nobody awaited, and ends a run after an error outside of every task", async () => {
    const { millrace } = project({
      "dags/stray.ts": `import { dag } from "@millrace/core";
export const rejected = dag("rejected", {}, (d) => {
  d.task("only", async () => { void Promise.reject(new Error("lost")); await new Promise((done) => setTimeout(done, 50)); });
});
export const thrown = dag("thrown", {}, (d) => {
  d.task("only", () => new Promise(() => { setTimeout(() => { throw new Error("from a timer"); }, 20); }));
});`,
    });
    const rejected = await millrace(["run", "rejected"]);
    expect([rejected.code, rejected.err]).toEqual([0, expect.stringContaining("nobody awaited it: lost")]);
    const thrown = await millrace(["run", "thrown"]);
    expect([thrown.code, thrown.err]).toEqual([1, expect.stringContaining("from a timer")]);
    expect((await millrace(["runs", "list", "-o", "json"])).json()).toMatchObject([
      { state: "cancelled" },
      { state: "success" },
    ]);
  });

  it("answers with 4 while another engine has the store, which readers may use meanwhile", async () => {
    const { millrace } = project({
      "dags/hello.ts": helloDag,
      "dags/slow.ts": `import { dag } from "@millrace/core";
export default dag("slow", {}, (d) => { d.task("wait", () => new Promise(() => undefined)); });`,
    });
    let stop: (() => void) | undefined;
    const started = new Promise<void>((resolve) => {
      stop = undefined;
      void millrace(["run", "slow"], {
        onOutput: (printed, kill) => {
          if (!printed.includes("running")) return;
          stop = () => kill("SIGINT");
          resolve();
        },
      }).then(() => ended());
    });
    let ended: () => void = () => undefined;
    const end = new Promise<void>((resolve) => {
      ended = resolve;
    });
    await started;
    const second = await millrace(["run", "hello", "-o", "json"]);
    expect([second.code, second.json()]).toMatchObject([4, { error: { code: "STORE_LOCKED" } }]);
    expect((await millrace(["db", "migrate"])).code).toBe(4);
    expect((await millrace(["runs", "list", "-o", "json"])).json()).toMatchObject([{ dag: "slow", state: "running" }]);
    stop?.();
    await end;
  });

  it.skipIf(spawnSync("script", ["--version"]).status !== 0)(
    "moves on a terminal, and leaves it as it was (where `script` is installed)",
    () => {
      const { folder } = project({
        "dags/hello.ts": helloDag.replace(
          `() => "Ada"`,
          `async () => { await new Promise((done) => setTimeout(done, 600)); return "Ada"; }`,
        ),
      });
      const starter = fileURLToPath(new URL("run-source.mjs", import.meta.url));
      const env = { PATH: process.env.PATH, HOME: folder, TERM: "xterm" };
      const line = `${process.execPath} --conditions=millrace-source ${starter} run hello`;
      const { stdout, status } = spawnSync("script", ["-qec", line, "/dev/null"], {
        cwd: folder,
        env,
        encoding: "utf8",
        input: "",
      });
      expect(status).toBe(0);
      expect(stdout).toContain("\u001b[?25l");
      expect(stdout).toContain("━");
      expect(stdout.lastIndexOf("\u001b[?25h")).toBeGreaterThan(stdout.lastIndexOf("\u001b[?25l"));
      expect(stdout).toMatch(/✓ success[^\n]* in /);
    },
  );
});
