import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { wireStore } from "./wire-store.ts";

interface Measured {
  readonly envelope: { readonly size_bytes: number };
  readonly isSame: boolean;
  readonly grownMebibytes: number;
  readonly longestTurnMs: number;
}

test("a stream of 200 MiB takes the memory of four parts and 16 MiB to write, little to read, and never the event loop for long", {
  timeout: 120_000,
}, async () => {
  const store = await wireStore();
  const run = async (...args: string[]): Promise<Measured> => {
    const { stdout } = await promisify(execFile)(process.execPath, [
      "--conditions=millrace-source",
      "--max-semi-space-size=2",
      fileURLToPath(new URL("stream-in-little-memory.ts", import.meta.url)),
      JSON.stringify(store.options),
      ...args,
    ]);
    return JSON.parse(stdout) as Measured;
  };
  try {
    const written = await run("200");
    expect(written.envelope.size_bytes).toBe(200 * 1_048_576);
    const read = await run("200", JSON.stringify(written.envelope));
    expect(read.isSame).toBe(true);
    expect(written.grownMebibytes).toBeLessThan(4 * 5 + 16);
    // The place keeps no piece of what it reads. What Node's sockets have read and its collector has not yet looked at is some
    // 60 MiB, here as with the SDK alone.
    expect(read.grownMebibytes).toBeLessThan(100);
    // 20 ms is promised, of this thread's own time; a shared machine has other caches than one's own.
    for (const { longestTurnMs } of [written, read]) expect(longestTurnMs).toBeLessThan(40);
  } finally {
    await store.close();
  }
});
