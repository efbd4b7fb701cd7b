import { rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { project } from "./project.ts";

const dagSaying = (text: string, id = "says"): string => `import { dag } from "@millrace/core";
import { suffix } from "../lib/suffix.ts";
export default dag("${id}", {}, (d) => { d.task("say", () => "${text}" + suffix); });
`;

describe("DAG files that change while an engine works", () => {
  it("are loaded anew, with what they import; a broken one is told once and leaves what it gave before", async () => {
    const made = project({ "dags/says.ts": dagSaying("one"), "lib/suffix.ts": `export const suffix = "!";` });
    const start = made.spawn(["start"]);
    await start.until("ready");
    const says = async (id = "says"): Promise<unknown> => {
      const { run } = (await made.here(["dags", "trigger", id, "--wait", "-o", "json"])).json<{ run: string }>();
      return (await made.here(["xcom", "get", id, run, "say", "-o", "json"])).json<{ value: unknown }>().value;
    };
    expect(await says()).toBe("one!");

    made.write({ "dags/says.ts": dagSaying("two") });
    await start.until("loaded anew: changed says");
    expect(await says()).toBe("two!");

    made.write({ "dags/says.ts": dagSaying("three").replace("=>", "=") });
    await start.until(/✗ dags\/says\.ts:3:\d+/);
    expect(await says()).toBe("two!");
    // Another change: the mistake that was told is not told again.
    made.write({ "dags/more.ts": dagSaying("more", "more") });
    await start.until("loaded anew: added more");
    expect(await says("more")).toBe("more!");

    made.write({ "dags/says.ts": dagSaying("four") });
    await start.until("loaded anew: changed says");
    expect(await says()).toBe("four!");

    rmSync(join(made.folder, "dags/more.ts"));
    await start.until("loaded anew: removed more");
    expect((await made.millrace(["dags", "trigger", "more", "-o", "json"])).json()).toMatchObject({
      error: { code: "DAG_NOT_FOUND" },
    });

    start.kill("SIGTERM");
    const { out, code } = await start.ended;
    expect([code, out.match(/✗ dags\/says\.ts/g)]).toEqual([0, ["✗ dags/says.ts"]]);
  });

  it("leave a run under way with the version that it began with", async () => {
    const held = (text: string): string => `import { dag } from "@millrace/core";
import { existsSync } from "node:fs";
export default dag("held", {}, (d) => {
  const wait = d.task("wait", async () => {
    while (!existsSync(process.env.GO ?? "")) await new Promise((resolve) => setTimeout(resolve, 5));
  });
  const say = d.task("say", () => "${text}");
  d.chain(wait, say);
});`;
    const made = project({ "dags/held.ts": held("old") });
    const start = made.spawn(["start"], { env: { GO: join(made.folder, "go") } });
    await start.until("ready");
    await made.here(["dags", "trigger", "held", "--run-id", "before"]);
    await start.until("running");
    made.write({ "dags/held.ts": held("new") });
    await start.until("loaded anew: changed held");
    writeFileSync(join(made.folder, "go"), "");
    await start.until(/✓ success +held {2}before/);
    const value = (await made.here(["xcom", "get", "held", "before", "say", "-o", "json"])).json<{ value: string }>();
    expect(value.value).toBe("old");
    start.kill("SIGTERM");
    await start.ended;
  });

  it("do not keep the others from running when they are wrong from the start", async () => {
    const pooled = `import { dag } from "@millrace/core";
export default dag("pooled", {}, (d) => { d.task("only", { pool: "nowhere" }, () => 1); });`;
    const made = project({
      "dags/says.ts": dagSaying("one"),
      "lib/suffix.ts": `export const suffix = "";`,
      "dags/broken.ts": "export const = ;",
      "dags/pooled.ts": pooled,
    });
    const start = made.spawn(["start", "-o", "json"]);
    await start.until(`"kind":"engine.ready"`);
    expect((await made.here(["dags", "trigger", "says", "--wait"])).code).toBe(0);
    await made.here(["pools", "set", "nowhere", "1"]);
    made.write({ "dags/pooled.ts": `${pooled}\n// touched` });
    await start.until(`"kind":"dags.reloaded"`);
    expect((await made.here(["dags", "trigger", "pooled", "--wait"])).code).toBe(0);
    start.kill("SIGTERM");
    const lines = (await start.ended).out
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines).toContainEqual(expect.objectContaining({ kind: "engine.started", dags: 1 }));
    expect(lines).toContainEqual(expect.objectContaining({ kind: "dag.failed", line: 1 }));
    expect(lines).toContainEqual(
      expect.objectContaining({
        kind: "dag.refused",
        dag: "pooled",
        error: expect.objectContaining({ code: "POOL_UNKNOWN" }),
      }),
    );
  });
});

describe("millrace start --metrics-port", () => {
  it("serves what is measured, to this machine and under its own name only", async () => {
    const made = project({ "dags/says.ts": dagSaying("one"), "lib/suffix.ts": `export const suffix = "";` });
    const start = made.spawn(["start", "--metrics-port", "0", "--no-watch", "-o", "json"]);
    await start.until("engine.ready");
    const url = /"url":"(http:\/\/127\.0\.0\.1:\d+\/metrics)"/.exec(start.printed())?.[1] ?? "";
    await made.here(["dags", "trigger", "says", "--wait"]);
    const page = await (await fetch(url)).text();
    expect(page).toMatch(/^millrace_runs_total\{[^}]*dag="says"[^}]*\} 1$/m);
    expect((await fetch(url.replace("/metrics", "/"))).status).toBe(404);
    expect((await fetch(url, { method: "POST" })).status).toBe(405);
    const foreign = await new Promise<number | undefined>((resolve) =>
      request(url, { headers: { host: "evil.example" } }, ({ statusCode }) => resolve(statusCode)).end(),
    );
    expect(foreign).toBe(403);
    const taken = await project({ "dags/says.ts": dagSaying("one"), "lib/suffix.ts": "" }).millrace([
      "start",
      "--metrics-port",
      new URL(url).port,
      "-o",
      "json",
    ]);
    expect([taken.code, taken.out]).toEqual([5, expect.stringContaining("could not be opened")]);
    start.kill("SIGTERM");
    expect((await start.ended).code).toBe(0);
  });
});
