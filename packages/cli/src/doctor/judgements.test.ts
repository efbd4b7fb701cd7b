import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { coreError, type StoreInspection } from "@millrace/core/plugin";
import { describe, expect, it } from "vitest";
import { judgeDisk, judgeHome, judgeNodeVersion, judgeTimeZones } from "./machine-checks.ts";
import { judgeStore } from "./store-check.ts";

describe("the machine", () => {
  it("needs Node.js 24", () => {
    expect(judgeNodeVersion("24.0.0").level).toBe("good");
    expect(judgeNodeVersion("22.18.0")).toMatchObject({ level: "bad", cure: expect.stringContaining("24") });
  });

  it("tells whose time zone data schedules go by, and when there are none", () => {
    const open = (zone: string) => zone;
    expect(judgeTimeZones({ tz: "2026c", icu: "78.3" }, open)).toMatchObject({
      level: "good",
      says: "Time zone data 2026c (ICU 78.3)",
    });
    expect(judgeTimeZones({}, open).says).toContain("unknown");
    const closed = () => {
      throw new RangeError("Invalid time zone");
    };
    expect(judgeTimeZones(process.versions, closed)).toMatchObject({ level: "bad" });
  });

  it("needs a home that can be written", () => {
    const folder = mkdtempSync(join(tmpdir(), "millrace-home-"));
    writeFileSync(join(folder, "file"), "");
    expect(judgeHome(folder).level).toBe("good");
    expect(judgeHome(join(folder, "not", "yet")).says).toContain("will be made");
    expect(judgeHome(join(folder, "file", "below"))).toMatchObject({
      level: "bad",
      cure: expect.stringContaining("MILLRACE_HOME"),
    });
    rmSync(folder, { recursive: true });
  });

  it.each([
    [5e9, "good"],
    [5e8, "warning"],
    [5e7, "bad"],
  ])("with %d bytes free is %s", (free, level) => {
    expect(judgeDisk("/", () => ({ bavail: free / 4096, bsize: 4096, blocks: 1e9 })).level).toBe(level);
  });

  it("has no opinion on a disk without size", () => {
    expect(judgeDisk("/", () => ({ bavail: 0, bsize: 4096, blocks: 0 })).level).toBe("skipped");
  });
});

describe("the store", () => {
  const fine: StoreInspection = {
    location: "/x/m.db",
    path: "/x/m.db",
    exists: true,
    schema: { found: 2, known: 2 },
    sizeBytes: 10,
    problems: [],
  };
  const levels = (found: StoreInspection, mode?: number): string[] =>
    judgeStore(found, mode).map(({ check, level }) => `${check}: ${level}`);

  it("is fine with its own schema and closed permissions", () => {
    expect(levels(fine, 0o100600)).toEqual(["store: good"]);
  });

  it("is behind, newer, damaged or open to others: each is named", () => {
    expect(levels({ ...fine, schema: { found: 1, known: 2 } }, 0o100600)).toEqual(["store: good", "store: bad"]);
    expect(levels({ ...fine, problems: [coreError("STORE_NEWER", { path: "/x", found: 3, known: 2 })] })).toEqual([
      "store: bad",
    ]);
    expect(levels(fine, 0o100640)).toEqual(["store: good", "permissions: warning"]);
    expect(levels(fine, 0o100644)).toEqual(["store: good", "permissions: bad"]);
  });
});
