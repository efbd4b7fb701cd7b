import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { findDagFiles } from "./find-dag-files.ts";

let outer: string;
let folder: string;
beforeEach(() => {
  outer = realpathSync(mkdtempSync(join(tmpdir(), "millrace-dags-")));
  folder = join(outer, "dags");
  mkdirSync(folder);
});
afterEach(() => rmSync(outer, { recursive: true, force: true }));

const write = (...names: string[]): void => {
  for (const name of names) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), "");
  }
};
const found = (): string[] => findDagFiles(folder).files.map((path) => relative(folder, path));
const reasons = (): Record<string, string> =>
  Object.fromEntries(findDagFiles(folder).skipped.map(({ path, reason }) => [relative(folder, path), reason]));

describe("findDagFiles", () => {
  it("finds TypeScript and JavaScript files in every folder, sorted", () => {
    write("b.ts", "a.mjs", "team/z.js", "team/inner/c.mts", "readme.md", "data.json", "x.cjs", "y.tsx");
    expect(found()).toEqual(["a.mjs", "b.ts", "team/inner/c.mts", "team/z.js"]);
  });

  it("leaves out tests, declarations, hidden files and node_modules in silence", () => {
    write(
      "a.test.ts",
      "a.spec.mjs",
      "a.d.ts",
      "a.d.mts",
      "a.test-d.ts",
      ".hidden.ts",
      ".git/x.ts",
      "node_modules/p/x.js",
      "ok.ts",
    );
    expect(found()).toEqual(["ok.ts"]);
    expect(reasons()).toEqual({});
  });

  it("reports links that lead out of the folder, nowhere, or to a folder", () => {
    writeFileSync(join(outer, "secret.ts"), "");
    symlinkSync(join(outer, "secret.ts"), join(folder, "out.ts"));
    symlinkSync(outer, join(folder, "up"));
    symlinkSync("gone.ts", join(folder, "dead.ts"));
    write("real/x.ts");
    symlinkSync("real", join(folder, "again"));
    expect(found()).toEqual(["real/x.ts"]);
    expect(reasons()).toEqual({
      again: "it is a link to a folder",
      "dead.ts": "it is a link that leads nowhere",
      "out.ts": "it is a link that leads out of the DAGs folder",
      up: "it is a link that leads out of the DAGs folder",
    });
  });

  it("follows links to hidden files within the folder, as mounted volumes have them, and takes nothing twice", () => {
    write("..2026_11_21/a.ts", "b.ts");
    symlinkSync("..2026_11_21", join(folder, "..data"));
    symlinkSync("..data/a.ts", join(folder, "a.ts"));
    symlinkSync("b.ts", join(folder, "c.ts"));
    expect(found()).toEqual(["a.ts", "b.ts"]);
  });

  it("works on a folder that is itself behind a link", () => {
    write("a.ts");
    symlinkSync(folder, join(outer, "link"));
    expect(findDagFiles(join(outer, "link")).files).toEqual([join(outer, "link", "a.ts")]);
  });

  it("reports files that are too large", () => {
    write("big.ts", "ok.ts");
    truncateSync(join(folder, "big.ts"), 3 * 1024 * 1024);
    expect(found()).toEqual(["ok.ts"]);
    expect(reasons()["big.ts"]).toMatch(/^it has 3145728 bytes/);
  });

  it("reports folders that lie too deep", () => {
    write(`${"d/".repeat(25)}x.ts`, "ok.ts");
    expect(found()).toEqual(["ok.ts"]);
    expect(Object.values(reasons())).toEqual(["it lies more than 20 folders deep"]);
  });
});
