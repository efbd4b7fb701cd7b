import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { completionScript } from "../src/completion/shell-scripts.ts";
import { helloDag, project } from "./project.ts";

const isInstalled = (shell: string): boolean => spawnSync(shell, ["-c", "exit 0"]).status === 0;

/** A project in whose shell `millrace` is the command under test. */
function withCommand() {
  const made = project({ "dags/hello.ts": helloDag });
  const bin = join(made.folder, "bin");
  mkdirSync(bin);
  const starter = fileURLToPath(new URL("run-source.mjs", import.meta.url));
  writeFileSync(
    join(bin, "millrace"),
    `#!/bin/sh\nexec "${process.execPath}" --conditions=millrace-source "${starter}" "$@"\n`,
  );
  chmodSync(join(bin, "millrace"), 0o755);
  const env = { PATH: `${bin}:${process.env.PATH}`, HOME: made.folder, TERM: "dumb" };
  const inShell = (shell: string, args: readonly string[], code: string): string =>
    execFileSync(shell, [...args, code], {
      cwd: made.folder,
      env,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    });
  return { ...made, inShell };
}

describe("completion", () => {
  it.each([
    [
      "millrace ",
      [
        "complete",
        "backfill",
        "completion",
        "config",
        "connections",
        "dags",
        "db",
        "doctor",
        "init",
        "keys",
        "notify",
        "pools",
        "run",
        "runs",
        "start",
        "tasks",
        "xcom",
      ].slice(1),
    ],
    ["millrace dags sh", ["show"]],
    ["millrace run h", ["hello"]],
    ["millrace tasks logs hello latest ", ["name", "greet", "shout"]],
    ["millrace runs list --state q", ["queued"]],
    ["millrace dags pause h", ["hello"]],
    ["millrace runs cancel hello l", ["latest"]],
    ["millrace tasks clear hello latest name g", ["greet"]],
    ["millrace tasks mark hello latest name --as s", ["success", "skipped"]],
    ["millrace -o ", ["table", "json"]],
    ["millrace runs show hello ", ["latest"]],
    ["millrace dags list --nothing-like-this", []],
  ])("of %j", async (line, expected) => {
    const { millrace } = project({ "dags/hello.ts": helloDag });
    const ended = await millrace(["complete", "--line", line]);
    expect(ended.out.split("\n").filter((each) => each !== "")).toEqual(expected);
    expect(ended.err).toBe("");
  });

  it("knows a DAG file that was added since", async () => {
    const { millrace, write } = project({ "dags/hello.ts": helloDag });
    expect((await millrace(["complete", "--", "run", ""])).out).toBe("hello\n");
    expect((await millrace(["complete", "--", "run", ""])).out).toBe("hello\n");
    write({ "dags/more.ts": helloDag.replace(`"hello"`, `"howdy"`) });
    expect((await millrace(["complete", "--", "run", ""])).out).toBe("hello\nhowdy\n");
  });

  it("is silent where everything is broken", async () => {
    const { millrace } = project({ "millrace.config.ts": "throw 1" });
    const ended = await millrace(["complete", "--", "run", ""]);
    expect([ended.code, ended.out, ended.err]).toEqual([0, "", ""]);
  });

  it("works in bash, twice sourced, and evaluates nothing that was typed", () => {
    const { inShell, folder } = withCommand();
    writeFileSync(join(folder, "millrace.bash"), completionScript("bash"));
    const ask = (line: string): string =>
      inShell(
        "bash",
        ["--norc", "-c"],
        `set -e; source millrace.bash; source millrace.bash; COMP_LINE=${JSON.stringify(line).replaceAll("$", "\\$")}; COMP_POINT=\${#COMP_LINE}; _millrace_completion; printf '%s\\n' "\${COMPREPLY[@]}"`,
      );
    expect(ask("millrace dags ").trim().split("\n")).toEqual([
      "list",
      "show",
      "next",
      "validate",
      "trigger",
      "pause",
      "unpause",
      "set",
    ]);
    expect(ask("millrace run $(touch owned) ").trim()).toBe("");
    expect(inShell("bash", ["--norc", "-c"], "ls")).not.toContain("owned");
  });

  it.skipIf(!isInstalled("zsh"))("sources cleanly in zsh (where it is installed)", () => {
    const { inShell, folder } = withCommand();
    writeFileSync(join(folder, "millrace.zsh"), completionScript("zsh"));
    expect(inShell("zsh", ["-f", "-c"], `source millrace.zsh && print -r -- \${_comps[millrace]}`).trim()).toBe(
      "_millrace",
    );
  });

  it.skipIf(!isInstalled("fish"))("completes in fish (where it is installed)", () => {
    const { inShell, folder } = withCommand();
    writeFileSync(join(folder, "millrace.fish"), completionScript("fish"));
    expect(
      inShell("fish", ["--no-config", "-c"], `source millrace.fish; complete --do-complete "millrace run h"`).trim(),
    ).toBe("hello\tSays hello");
  });
});
