import { realpathSync, symlinkSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { inNode, projectWith, withBundles } from "../in-node.ts";

const core = fileURLToPath(new URL("../../..", import.meta.url));

/** A project that finds core as if it were installed. */
function installed(files: Readonly<Record<string, string>>): string {
  const folder = projectWith({ "node_modules/@millrace/readme.txt": "", ...files });
  symlinkSync(core, `${folder}/node_modules/@millrace/core`);
  return folder;
}

const inBundle = (folder: string, code: string): unknown => inNode(folder, withBundles(folder) + code);

describe("a bundle", () => {
  it("holds what Node alone refuses: enums, imports without ending, tsconfig paths, subpath imports, JSON, CommonJS", () => {
    const folder = installed({
      "package.json": `{ "type": "module", "imports": { "#short": "./lib/short.ts" } }`,
      "tsconfig.json": `{ // with comments
        "compilerOptions": { "paths": { "@lib/*": ["./lib/*"] } } }`,
      "dags/a.ts": `import { rows } from "../lib/rows";
        import { mapped } from "@lib/mapped";
        import { short } from "#short";
        import data from "../lib/data.json" with { type: "json" };
        import old from "../lib/old.cjs";
        enum Colour { Red, Green }
        export const seen = [rows, mapped, short, data, old, Colour.Green];`,
      "lib/rows.ts": `export const rows: string = "rows";`,
      "lib/mapped.ts": `export const mapped = "mapped";`,
      "lib/short.ts": `export const short = "short";`,
      "lib/data.json": `{ "a": 1 }`,
      "lib/old.cjs": `const { basename } = require("node:path"); module.exports = basename(__filename);`,
    });
    expect(inBundle(folder, `result = (await load(await make("dags/a.ts"))).seen;`)).toEqual([
      "rows",
      "mapped",
      "short",
      { a: 1 },
      "old.cjs",
      1,
    ]);
  });

  it("lets every file keep its own import.meta", () => {
    const folder = installed({
      "dags/a.ts": `import { helper } from "../lib/ä helper.ts";
        const { url, dirname, filename } = import.meta;
        export const seen = { url, dirname, filename };
        export { helper };`,
      "lib/ä helper.ts": `const { resolve, ...seen } = import.meta;
        export const helper = { ...seen, core: resolve("@millrace/core"), beside: resolve("./x.csv") };`,
    });
    expect(
      inBundle(folder, `const { seen, helper } = await load(await make("dags/a.ts")); result = { seen, helper };`),
    ).toEqual({
      seen: { url: `file://${folder}/dags/a.ts`, dirname: `${folder}/dags`, filename: `${folder}/dags/a.ts` },
      helper: {
        url: `file://${folder}/lib/%C3%A4%20helper.ts`,
        dirname: `${folder}/lib`,
        filename: `${folder}/lib/ä helper.ts`,
        main: false,
        core: `file://${realpathSync(core)}/src/index.ts`,
        beside: `file://${folder}/lib/x.csv`,
      },
    });
  });

  it("finds packages from the file that imports them, whichever home it lies in, and though that file is gone", () => {
    const name = (text: string): Readonly<Record<string, string>> => ({
      "package.json": `{ "name": "named", "type": "module", "exports": "./index.js" }`,
      "index.js": `export default "${text}";`,
    });
    const below = (at: string, files: Readonly<Record<string, string>>): Record<string, string> =>
      Object.fromEntries(Object.entries(files).map(([file, text]) => [`${at}/node_modules/named/${file}`, text]));
    const folder = installed({
      ...below("one", name("of one")),
      ...below("two", name("of two")),
      "two/old.cjs": `module.exports = require("named").default;`,
      "one/dags/a.ts": `import { isDag } from "@millrace/core";
        import named from "named";
        import { other, old } from "../../two/helper.ts";
        export const seen = [named, other, old, isDag({})];
        export const later = async () => [(await import("named")).default, await (await import("../../two/later.ts")).later()];`,
      "two/helper.ts": `import old from "./old.cjs";\nexport { default as other } from "named";\nexport { old };`,
      "two/later.ts": `export const later = async () => (await import("named")).default;`,
    });
    const elsewhere = projectWith({});
    const made = inNode(
      elsewhere,
      `${withBundles(folder).replace(`${folder}/.millrace`, `${elsewhere}/home`)}
      const hash = await make("one/dags/a.ts");
      const { rmSync } = await import("node:fs");
      rmSync("${folder}/one/dags", { recursive: true });
      rmSync("${folder}/two/helper.ts");
      rmSync("${folder}/two/later.ts");
      const { seen, later } = await load(hash);
      result = [seen, await later()];`,
    );
    expect(made).toEqual([
      ["of one", "of two", "of two", false],
      ["of one", "of two"],
    ]);
  });

  it("has stack traces that name the file and line that people wrote, in helpers and in threads too", () => {
    const folder = installed({
      "dags/a.ts": `import { deep } from "../lib/deep";\n\ninterface Nothing { a: string }\nexport const go = (): never => deep();`,
      "lib/deep.ts": `interface Shape {\n  a: string;\n}\n\nexport function deep(): never {\n  const why: string = "deep down";\n  throw new Error(why);\n}`,
    });
    const stacks = inBundle(
      folder,
      `const hash = await make("dags/a.ts");
      const stackOf = (go) => { try { go(); } catch (error) { return error.stack; } };
      const { go } = await load(hash);
      const { Worker } = await import("node:worker_threads");
      const code = \`import("\${import.meta.resolve("${new URL("../../../src/config/bundles/load-bundle.ts", import.meta.url)}")}").then(async ({ loadBundle }) => {
        const { go } = await loadBundle(\${JSON.stringify({ home, hash })});
        let stack;
        try { go(); } catch (error) { stack = error.stack; }
        process.getBuiltinModule("node:worker_threads").parentPort.postMessage(stack);
      })\`;
      const inThread = await new Promise((resolve, reject) => new Worker(code, { eval: true }).on("message", resolve).on("error", reject));
      result = [stackOf(go), inThread];`,
    ) as readonly string[];
    for (const stack of stacks) {
      expect(stack).toContain(`at deep (${folder}/lib/deep.ts:7:9)`);
      expect(stack).toContain(`(${folder}/dags/a.ts:4:`);
    }
  });
});

describe("a kept bundle", () => {
  const files = {
    "dags/a.ts": `import { value } from "../lib/value.ts";\nimport { dag } from "@millrace/core";
      export const seen = value;
      export default dag("a", {}, (d) => { d.empty("only"); });`,
    "lib/value.ts": `export const value = 1;`,
  };

  it("stays what it was when a helper changes on disk, and the next one sees the change", () => {
    const folder = installed(files);
    const seen = inBundle(
      folder,
      `const { writeFileSync } = await import("node:fs");
      const first = await make("dags/a.ts");
      const before = await load(first);
      writeFileSync("${folder}/lib/value.ts", "export const value = 2;");
      const second = await make("dags/a.ts");
      result = [before.seen, (await load(second)).seen, (await load(first)).seen, (await load(first)) === before];`,
    );
    expect(seen).toEqual([1, 2, 1, true]);
  });

  it("gives a DAG by its id, which knows its bundle", () => {
    const folder = installed(files);
    const [isKnown, code] = inBundle(
      folder,
      `const hash = await make("dags/a.ts");
      const dag = await engine.dagOfBundle({ home, hash }, "a");
      result = [engine.bundleOfDag(dag) === hash && dag === (await load(hash)).default, await failure(() => engine.dagOfBundle({ home, hash }, "b"))];`,
    ) as readonly [boolean, unknown];
    expect(isKnown).toBe(true);
    expect(code).toMatchObject({ code: "BUNDLE_LACKS_DAG" });
  });

  it("that failed is tried again: what it lacked may be there now", () => {
    const folder = installed({
      "dags/a.ts": `if (!("later" in globalThis)) throw new Error("not yet");\nexport const seen = import.meta.filename;`,
    });
    const found = inBundle(
      folder,
      `const hash = await make("dags/a.ts");
      const first = await failure(() => load(hash));
      globalThis.later = true;
      const again = await load(hash);
      result = [first.message, again.seen, again === (await load(hash))];`,
    );
    expect(found).toEqual([expect.stringContaining("not yet"), `${folder}/dags/a.ts`, true]);
  });

  it("is private, and never run when it is missing, altered or no bundle", () => {
    const folder = installed(files);
    const found = inBundle(
      folder,
      `const { appendFileSync, statSync, writeFileSync, rmSync } = await import("node:fs");
      const hash = await make("dags/a.ts");
      const at = bundlePath(home, hash);
      const modes = [statSync(at).mode & 0o777, statSync(home + "/bundles").mode & 0o777];
      appendFileSync(at, "\\nglobalThis.wasRun = true;");
      const altered = await failure(() => load(hash));
      await make("dags/a.ts");
      const mended = (await load(hash)).seen;
      rmSync(at);
      const missing = await failure(() => load(hash));
      const hostile = [];
      for (const name of ["../x", "A".repeat(64), ""]) hostile.push((await failure(() => load(name))).code);
      const { createHash } = await import("node:crypto");
      const foreign = "globalThis.wasRun = true;";
      const foreignHash = createHash("sha256").update(foreign).digest("hex");
      writeFileSync(bundlePath(home, foreignHash), foreign);
      const none = await failure(() => load(foreignHash));
      result = { modes, altered: altered.code, mended, missing: missing.code, hostile, none: none.code, wasRun: globalThis.wasRun ?? false };`,
    );
    expect(found).toEqual({
      modes: [0o600, 0o700],
      altered: "BUNDLE_CORRUPT",
      mended: 1,
      missing: "BUNDLE_MISSING",
      hostile: ["BUNDLE_HASH_INVALID", "BUNDLE_HASH_INVALID", "BUNDLE_HASH_INVALID"],
      none: "BUNDLE_CORRUPT",
      wasRun: false,
    });
  });

  it("has the same hash when home and project are moved together", () => {
    const hashes = [installed(files), installed(files)].map((folder) =>
      inBundle(folder, `result = await make("dags/a.ts");`),
    );
    expect(hashes[0]).toBe(hashes[1]);
  });
});
