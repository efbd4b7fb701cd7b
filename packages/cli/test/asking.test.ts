import { spawn, spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { failingDag, type Project, project } from "./project.ts";

const starter = fileURLToPath(new URL("run-source.mjs", import.meta.url));

/** Runs a command on a terminal of its own, and types when the question has come. */
function onTerminal(
  { folder }: Project,
  args: string,
  typed: string,
): Promise<{ readonly code: number | null; readonly out: string }> {
  const line = `${process.execPath} --conditions=millrace-source ${starter} ${args}`;
  const env = { PATH: process.env.PATH, HOME: folder, TERM: "xterm", NO_COLOR: "1" };
  const child = spawn("script", ["-qec", line, "/dev/null"], { cwd: folder, env, stdio: ["pipe", "pipe", "pipe"] });
  let out = "";
  let isTyped = false;
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    out += text;
    if (isTyped || !out.includes("[y/N] ")) return;
    isTyped = true;
    child.stdin.write(typed);
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, out }));
  });
}

describe.skipIf(spawnSync("script", ["--version"]).status !== 0)(
  "a question on a terminal (where `script` is installed)",
  () => {
    it.each([
      ["a no", "n\n", 130],
      ["an empty line", "\n", 130],
      ["Ctrl-C", "\u0003", 130],
      ["Ctrl-D", "\u0004", 130],
      ["a yes", "y\n", 0],
    ])("is answered by %s", async (_, typed, code) => {
      const made = project({ "dags/failing.ts": failingDag });
      expect((await made.millrace(["run", "failing", "--quiet"])).code).toBe(1);
      const ended = await onTerminal(made, "runs retry failing latest", typed);
      expect([ended.code, ended.out]).toEqual([code, expect.stringContaining("Retry 2 tasks of failing")]);
      const run = (await made.here(["runs", "list", "-o", "json"])).json<{ state: string }[]>();
      expect(run[0].state).toMatch(code === 0 ? /^(queued|running)$/ : /^failed$/);
    });
  },
);
