import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { collectXComs, countXComKeys } from "@millrace/core/engine";
import { sqlite } from "@millrace/store-sqlite";
import { file } from "@millrace/xcom-file";
import { expect, test } from "vitest";
import { aesGcm } from "../../src/index.ts";
import type { LifePlan } from "./rotation-life.ts";

/** `MILLRACE_SOAK=1` rotates 100,000 values and kills more often. */
const isLong = process.env["MILLRACE_SOAK"] !== undefined;
const amount = isLong ? { elements: 100, keys: 1_000, pageSize: 500 } : { elements: 4, keys: 60, pageSize: 20 };
const total = amount.elements * amount.keys;
/** So many pages a life may finish before it is killed; those that come after go on to the end. */
const kills = isLong ? [1, 5, 20, 2, 40, 11, 3, 25] : [4, 2];

/** Starts a process, has it killed after so many pages, and gives what it said. */
async function live(
  folder: string,
  plan: Pick<LifePlan, "does" | "keyIds"> & { readonly life?: number },
  killAfterPages = Number.POSITIVE_INFINITY,
): Promise<{ readonly lines: readonly string[]; readonly signal: NodeJS.Signals | null }> {
  const script = join(import.meta.dirname, "rotation-life.ts");
  const whole = JSON.stringify({ ...amount, folder, life: 0, ...plan } satisfies LifePlan);
  const child = spawn(process.execPath, ["--conditions=millrace-source", script, whole], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = new Promise<NodeJS.Signals | null>((resolve) => child.once("close", (_, signal) => resolve(signal)));
  const lines: string[] = [];
  let pages = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line);
    if (line === "page" && ++pages >= killAfterPages) child.kill("SIGKILL");
  }
  return { lines, signal: await ended };
}

test(`${total} values are renewed while runs read and leave more, through deaths of the process; then the old key can go`, {
  timeout: isLong ? 3_600_000 : 120_000,
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), "millrace-rotation-"));
  try {
    expect((await live(folder, { does: "fill", keyIds: ["k1"] })).lines).toEqual(Array(4).fill("success"));

    let killed = 0;
    let reads = 0;
    const wrong: string[] = [];
    for (let life = 0; ; life++) {
      const { lines, signal } = await live(folder, { does: "rotate", keyIds: ["k2", "k1"], life }, kills[life]);
      if (signal === "SIGKILL") killed++;
      reads += lines.filter((line) => line === "read").length;
      wrong.push(...lines.filter((line) => line.startsWith("wrong")));
      if (lines.some((line) => line.startsWith("done"))) break;
      expect(life).toBeLessThan(kills.length);
    }
    expect(wrong).toEqual([]);
    expect(killed).toBeGreaterThanOrEqual(kills.length - 1);
    expect(reads).toBeGreaterThan(0);

    const store = sqlite({ path: join(folder, "millrace.db") });
    await store.open("reader");
    const places = [file({ dir: join(folder, "xcom") })];
    const [use, ...others] = await countXComKeys({ store, parts: [aesGcm({ keys: [keyOf("k2")] }), ...places] });
    expect([use?.keyId, use?.stale, others]).toEqual(["k2", 0, []]);
    expect(use?.count).toBeGreaterThanOrEqual(total);

    // What the deaths have left behind goes, and nothing that a row leads to.
    const [collected] = await collectXComs({ store, places, olderThan: "0s" });
    expect(collected?.error).toBeUndefined();
    expect(collected?.removed.count).toBe((collected?.orphans.count ?? 0) + (collected?.partials.count ?? 0));
    await store.close();
    expect((await live(folder, { does: "check", keyIds: ["k2"] })).lines).toEqual([`checked ${total} `]);
    expect((await live(folder, { does: "check", keyIds: ["k1"] })).lines).toEqual(["checked 0 XCOM_KEY_MISSING"]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

function keyOf(id: string) {
  return { id, key: Buffer.alloc(32, id).toString("base64") };
}
