import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, watch } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, vi } from "vitest";
import { collectBundles } from "../../../src/config/bundles/collect-bundles.ts";

vi.setConfig({ testTimeout: 120_000 });

const source = new URL("../../../src/config/bundles/", import.meta.url).href;

/** Keeps one large bundle after the other, until it is killed. */
const writer = (home: string): string => `
const { bundleOfText, headFor, keepBundle } = await import("${source}bundle-folder.ts");
const filling = "x".repeat(20_000_000);
for (let at = 0; ; at++) {
  const bundle = bundleOfText("${home}", headFor("${home}", "${home}/a.ts") + "\\n// " + process.pid + " " + at + filling);
  await keepBundle("${home}", bundle);
}`;

/** Kills a writer as soon as so much has happened in the folder: mostly in the middle of a file. */
function killAfter(home: string, happenings: number): Promise<void> {
  const child = spawn(process.execPath, [
    "--conditions=millrace-source",
    "--no-warnings",
    "--input-type=module",
    "--eval",
    writer(home),
  ]);
  let seen = 0;
  const watcher = watch(join(home, "bundles"), () => {
    seen += 1;
    if (seen >= happenings) child.kill("SIGKILL");
  });
  return new Promise((resolve, reject) =>
    child.on("error", reject).on("close", () => {
      watcher.close();
      resolve();
    }),
  );
}

it("a process that is killed while it writes leaves whole bundles and no others, and its unfinished file is collected", async () => {
  const home = mkdtempSync(join(tmpdir(), "millrace-killed-"));
  const folder = join(home, "bundles");
  mkdirSync(folder);
  let unfinished = 0;
  for (const happenings of [1, 1, 2, 1, 3, 1]) {
    await killAfter(home, happenings);
    unfinished = readdirSync(folder).filter((name) => name.endsWith(".tmp")).length;
  }
  const kept = readdirSync(folder).filter((name) => name.endsWith(".mjs"));
  for (const name of kept) {
    const hash = createHash("sha256")
      .update(readFileSync(join(folder, name)))
      .digest("hex");
    expect(`${hash}.mjs`).toBe(name);
  }
  const inAnHour = { now: () => Date.now() + 3_600_000, sleep: async () => undefined };
  const keep = new Set(kept.map((name) => name.slice(0, 64)));
  expect(collectBundles({ home, keep, clock: inAnHour }).files).toBe(unfinished);
  expect(readdirSync(folder).sort()).toEqual(kept.sort());
  rmSync(home, { recursive: true });
});
