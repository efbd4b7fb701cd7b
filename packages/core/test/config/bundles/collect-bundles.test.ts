import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { collectBundles } from "../../../src/config/bundles/collect-bundles.ts";
import { keepRecord } from "../../../src/config/bundles/file-record.ts";

const day = 86_400_000;
const now = Date.parse("2026-11-21T12:00:00Z");
const clock = { now: () => now, sleep: async () => undefined };
const hash = (digit: string): string => digit.repeat(64);

/** A pid that was somebody's a moment ago. */
const deadPid = spawnSync(process.execPath, ["--version"]).pid;

interface Home {
  readonly home: string;
  /** Writes a file of a certain age. */
  put(name: string, ageMs: number): string;
  left(): readonly string[];
}

function home(): Home {
  const at = mkdtempSync(join(tmpdir(), "millrace-collect-"));
  mkdirSync(join(at, "bundles/files"), { recursive: true });
  return {
    home: at,
    put(name, ageMs) {
      const path = join(at, "bundles", name);
      if (!existsSync(path)) writeFileSync(path, "0123456789");
      utimesSync(path, now / 1_000, (now - ageMs) / 1_000);
      return path;
    },
    left: () =>
      readdirSync(join(at, "bundles"))
        .filter((name) => name !== "files")
        .sort(),
  };
}

const record = (at: string, path: string, of: string, good?: string) =>
  keepRecord(at, { path, hash: of, inputs: { hashes: new Map(), areOpen: false }, good });

describe("collecting bundles", () => {
  it("removes old ones that no run and no file needs, with what lies beside them", async () => {
    const { home: at, put, left } = home();
    for (const digit of ["a", "b", "c", "d", "e"]) {
      put(`${hash(digit)}.mjs`, 2 * day);
      put(`${hash(digit)}.json`, 2 * day);
    }
    put(`${hash("f")}.mjs`, day - 1);
    const dagFile = join(at, "a.ts");
    writeFileSync(dagFile, "");
    await record(at, dagFile, hash("a"), hash("b"));
    await record(at, join(at, "gone.ts"), hash("c"), hash("c"));
    const wanted = { bundles: [hash("c"), hash("e")], files: 4, sizeBytes: 40 };
    expect(collectBundles({ home: at, keep: new Set([hash("d")]), clock, dryRun: true })).toEqual(wanted);
    expect(left()).toHaveLength(11);
    expect(collectBundles({ home: at, keep: new Set([hash("d")]), clock })).toEqual(wanted);
    expect(left().filter((name) => name.endsWith(".mjs"))).toEqual(
      ["a", "b", "d", "f"].map((digit) => `${hash(digit)}.mjs`),
    );
    rmSync(dagFile);
    expect(collectBundles({ home: at, keep: new Set(), clock, olderThan: "0s" }).bundles).toEqual(
      ["a", "b", "d", "f"].map(hash),
    );
  });

  it("removes unfinished files of processes that are gone, and nothing that is not ours", () => {
    const { home: at, put, left } = home();
    const ours = `.${hash("a")}.mjs.${process.pid}-0123456789ab.tmp`;
    const young = `.${hash("b")}.mjs.${deadPid}-0123456789ab.tmp`;
    put(ours, 10 * day);
    put(young, 1_000);
    put(`.${hash("c")}.mjs.${deadPid}-0123456789ab.tmp`, 120_000);
    put("notes.txt", 10 * day);
    put("x.mjs", 10 * day);
    mkdirSync(join(at, "bundles", `${hash("d")}.mjs`));
    symlinkSync(put("kept.txt", 10 * day), join(at, "bundles", `${hash("e")}.mjs`));
    expect(collectBundles({ home: at, keep: new Set(), clock })).toMatchObject({ bundles: [], files: 1 });
    expect(left()).toEqual(
      [ours, young, `${hash("d")}.mjs`, `${hash("e")}.mjs`, "kept.txt", "notes.txt", "x.mjs"].sort(),
    );
  });

  it("finds nothing where nothing was ever kept", () => {
    expect(collectBundles({ home: join(tmpdir(), "millrace-nowhere"), keep: new Set() })).toEqual({
      bundles: [],
      files: 0,
      sizeBytes: 0,
    });
  });
});
