import { expect, test } from "vitest";
import { scratchFolder } from "../scratch.ts";
import { canMount, runOnSmallDisk } from "../small-disk.ts";

// Skipped where a process may not mount file systems that only it sees; a store that says it is full is tried elsewhere.
test.skipIf(!canMount).each(["files", "store"] as const)(
  "a disk without room for the %s of a run holds it up, and the run goes on by itself when there is room",
  { timeout: 120_000 },
  (what) => {
    const output = runOnSmallDisk(new URL("./engine-on-full-disk.ts", import.meta.url), scratchFolder(), what);
    const { state, sizes, refusals, history, problems } = JSON.parse(output);
    expect([state, history, problems]).toEqual(["success", [], []]);
    expect(sizes).toEqual(Array.from({ length: 8 }, () => (what === "files" ? 120_000 : 900)));
    expect(refusals[what]).toBeGreaterThan(0);
    expect(refusals.store + refusals.files).toBeGreaterThan(3);
  },
);
