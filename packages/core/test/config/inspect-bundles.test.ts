import { mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { bundleOfText, headFor, keepBundle } from "../../src/config/bundles/bundle-folder.ts";
import { inspectBundles } from "../../src/config/bundles/inspect-bundles.ts";

let home: string;
beforeEach(() => {
  home = realpathSync(mkdtempSync(join(tmpdir(), "millrace-inspect-")));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

test("bundles are counted, and those that are damaged or needed and gone are named", async () => {
  expect(inspectBundles(home, [])).toEqual({ count: 0, problems: [] });
  const [one, two] = ["1", "2"].map((text) =>
    bundleOfText(home, `${headFor(home, join(home, "a.ts"))}export default ${text};\n`),
  );
  for (const bundle of [one, two]) await keepBundle(home, bundle);
  expect(inspectBundles(home, [one.hash])).toEqual({ count: 2, problems: [] });

  writeFileSync(join(home, "bundles", `${one.hash}.mjs`), "export default 3;");
  const missing = "0".repeat(64);
  const { count, problems } = inspectBundles(home, [missing, two.hash]);
  expect(count).toBe(2);
  expect(problems.map(({ code }) => code).sort()).toEqual(["BUNDLE_CORRUPT", "BUNDLE_MISSING"]);
});

test("a folder in the place of a bundle is damage, and other files are none of its business", () => {
  mkdirSync(join(home, "bundles", `${"a".repeat(64)}.mjs`), { recursive: true });
  writeFileSync(join(home, "bundles", "notes.txt"), "");
  expect(readdirSync(join(home, "bundles"))).toHaveLength(2);
  expect(inspectBundles(home, []).problems).toMatchObject([{ code: "BUNDLE_CORRUPT" }]);
});
