import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import { scratchFolder } from "./scratch.ts";

test("using the store prints nothing of its own, whatever this Node thinks of its SQLite", () => {
  const path = join(scratchFolder(), "millrace.db");
  const program = `
    import { sqlite } from "${new URL("../src/index.ts", import.meta.url)}";
    const store = sqlite({ path: ${JSON.stringify(path)} });
    await store.open("engine");
    await store.close();
    process.emitWarning("another warning");
  `;
  const args = ["--conditions=millrace-source", "--input-type=module", "--eval", program];
  const output = execFileSync(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"], encoding: "utf8" });
  expect(output).toBe("");
  const shell = `"$0" "$@" 2>&1`;
  const all = execFileSync("sh", ["-c", shell, process.execPath, ...args], { encoding: "utf8" });
  expect(all).not.toContain("experimental");
  expect(all).toContain("another warning");
});
