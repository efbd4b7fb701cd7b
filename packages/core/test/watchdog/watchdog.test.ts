import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createEngine } from "../../src/engine/create-engine.ts";
import { memoryStore } from "../../src/store/memory-store.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "watchdog-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const conditions = "--conditions=millrace-source";

test("says while the engine is held up which tasks are under way, the one that began last first", async () => {
  const released = join(folder, "released");
  const program = fileURLToPath(new URL("./hold-up-the-engine.ts", import.meta.url));
  const child = spawn(process.execPath, [conditions, program, released], { stdio: ["ignore", "pipe", "pipe"] });
  let out = "";
  let errors = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    out += text;
  });
  await new Promise<void>((resolve, reject) => {
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      errors += text;
      if (errors.includes("'spins'")) resolve();
    });
    child.on("exit", () => reject(new Error(`it ended before it was released: ${errors}`)));
  });
  const ended = new Promise((resolve) => child.on("close", resolve));
  // The engine stands still until now: the report came from elsewhere.
  writeFileSync(released, "");
  expect(await ended).toBe(0);
  expect(out).toBe("success\n");
  expect(errors).toMatch(
    /held up for 200 ms and still is; under way, last begun first: task 'spins' of DAG 'held', task 'waits' of DAG 'held'\./,
  );
});

test("keeps no process alive", () => {
  const watchdog = new URL("../../src/runtime/watchdog/watchdog.ts", import.meta.url).href;
  const meter = new URL("../../src/time/meter.ts", import.meta.url).href;
  const code = `import { startWatchdog } from "${watchdog}"; import { processMeter } from "${meter}";
    startWatchdog(600_000, processMeter);`;
  const ended = spawnSync(process.execPath, [conditions, "--input-type=module", "--eval", code], { encoding: "utf8" });
  expect([ended.status, ended.stderr]).toEqual([0, ""]);
});

test("its option is checked", async () => {
  const engine = createEngine({ store: memoryStore(), watchdog: { after: "1ms" } });
  await expect(engine).rejects.toMatchObject({ code: "DAG_OPTION_INVALID", values: { option: "watchdog.after" } });
});
