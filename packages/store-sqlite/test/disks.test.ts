import { join } from "node:path";
import { expect, test } from "vitest";
import { closedDatabase, scratchFolder } from "./scratch.ts";
import { canMount, runOnReadOnlyDisk, runOnSmallDisk } from "./small-disk.ts";

// Skipped where a process may not mount file systems that only it sees (no user namespaces).
test.skipIf(!canMount)("a disk that really is full refuses groups and loses none", { timeout: 60_000 }, () => {
  const output = runOnSmallDisk(new URL("./fill-the-disk.ts", import.meta.url), scratchFolder());
  const { stored, refusals, problems } = JSON.parse(output);
  expect(problems).toEqual([]);
  expect(stored).toBeGreaterThan(50);
  // Some before there was room again, and some when that was used up as well.
  expect(refusals).toBe(5);
});

test.skipIf(!canMount)(
  "a file that cannot be made smaller for want of room stays as it was",
  { timeout: 60_000 },
  () => {
    const output = runOnSmallDisk(new URL("./vacuum-full-disk.ts", import.meta.url), scratchFolder());
    const { refusal, afterRefusal, sizeBeforeBytes, sizeBytes, afterwards } = JSON.parse(output);
    expect(refusal).toBe("STORE_FULL");
    expect(afterRefusal).toEqual({ found: 6, problems: [] });
    expect(sizeBeforeBytes).toBeGreaterThan(700_000);
    expect(sizeBytes).toBeLessThan(500_000);
    expect(afterwards).toEqual({ found: 1, problems: [] });
  },
);

test.skipIf(!canMount)(
  "a disk that cannot be written can be read, and is not written",
  { timeout: 60_000 },
  async () => {
    const folder = scratchFolder();
    await closedDatabase(join(folder, "millrace.db"));
    const output = runOnReadOnlyDisk(new URL("./read-only-disk.ts", import.meta.url), folder);
    expect(JSON.parse(output)).toEqual({
      colour: "blue",
      problems: [],
      filed: "STORE_READ_ONLY",
      engine: "STORE_READ_ONLY",
      migrate: "STORE_READ_ONLY",
      newFile: "STORE_READ_ONLY",
    });
  },
);
