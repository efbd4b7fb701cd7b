import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import { scratchFolder, storeAt } from "../scratch.ts";
import { examine } from "./examine.ts";
import { live } from "./lives.ts";

test.for([1, 25, 60])(
  "an engine that is stopped for a while, after %i lines, keeps its file, and goes on where it was",
  { timeout: 120_000 },
  async (afterLines) => {
    const folder = scratchFolder();
    const refusals: unknown[] = [];
    const pause = {
      afterLines,
      async while() {
        const path = join(folder, "millrace.db");
        refusals.push(
          await storeAt(path)
            .open("engine")
            .catch((error: unknown) => error),
        );
        // A whole second engine, which takes longer to start than the first one's waits and retries last.
        const script = join(import.meta.dirname, "engine-life.ts");
        const plan = JSON.stringify({ folder, life: 7 });
        const args = ["--conditions=millrace-source", script, plan];
        const second = spawnSync(process.execPath, args, { encoding: "utf8" });
        refusals.push([second.status, second.stdout, /STORE_LOCKED/.test(second.stderr)]);
      },
    };
    const { code, signal } = await live({ folder, life: 0, pause });
    expect(refusals).toEqual([expect.objectContaining({ code: "STORE_LOCKED" }), [1, "", true]]);
    expect([code, signal]).toEqual([0, null]);
    expect(await examine(folder, true)).toEqual([]);
  },
);
