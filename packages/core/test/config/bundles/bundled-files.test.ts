import { execFileSync } from "node:child_process";
import { readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { describe, expect, it, vi } from "vitest";
import { inNode, projectWith } from "../in-node.ts";

// Every case starts a Node of its own, and the machine may be busy.
vi.setConfig({ testTimeout: 120_000 });

const withHelper = (id: string): Readonly<Record<string, string>> => ({
  [`dags/${id}.ts`]: `import { dag } from "{core}";\nimport { doc } from "../lib/doc";\nexport default dag("${id}", { doc }, (d) => { d.empty("only"); });\n`,
  "lib/doc.ts": `import "../more/folder";\nexport const doc: string = "first";\n`,
  "more/folder/index.ts": "export const more = 1;\n",
});

interface Loaded {
  readonly dags: readonly (readonly [id: string, doc: string, isStale: boolean, hash: string])[];
  readonly errors: readonly {
    readonly path: string;
    readonly line?: number;
    readonly column?: number;
    readonly code: string;
    readonly message: string;
  }[];
  readonly notKept: string | null;
}

const load = (folder: string, name = "result"): string => `
await (async () => {
  const { dags, errors, notKept } = await engine.loadDags({ folder: "${folder}/dags", home: "${folder}/.millrace" });
  ${name} = {
    dags: dags.map(({ dag, isStale, bundle }) => [dag.id, dag.doc, isStale, bundle.hash]),
    errors: errors.map(({ path, line, column, error }) => ({ path: path.slice("${folder}/".length), line, column, code: error.code, message: error.message })),
    notKept: notKept?.code ?? null,
  };
})();`;

const put = (path: string, text: string): string =>
  `(await import("node:fs")).writeFileSync(${JSON.stringify(path)}, ${JSON.stringify(text)});`;

/** An esbuild that cannot be started: what is loaded with it was not bundled anew. */
const noBundler = { ESBUILD_BINARY_PATH: "/bin/false" };

describe("a file that has not changed", () => {
  it("is not bundled again", () => {
    const folder = projectWith(withHelper("a"));
    const first = inNode(folder, load(folder)) as Loaded;
    expect(first).toMatchObject({ dags: [["a", "first", false, expect.any(String)]], errors: [] });
    expect(inNode(folder, load(folder), noBundler)).toEqual(first);
  });

  it.each([
    ["its helper", "lib/doc.ts", `export const doc: string = "other";\n`],
    ["a file that an import without ending means before the helper", "lib/doc.tsx", `export const doc = "other";\n`],
    ["the settings of TypeScript", "tsconfig.json", `{ "compilerOptions": { "target": "es5" } }`],
    ["the package it belongs to", "package.json", `{ "type": "module", "imports": {} }`],
    ["a file that means more than the folder that was imported", "more/folder.ts", "export const more = 2;"],
  ])("is bundled again when %s has changed", (_, name, text) => {
    const folder = projectWith(withHelper("a"));
    inNode(folder, load(folder));
    writeFileSync(`${folder}/${name}`, text);
    const { errors } = inNode(folder, load(folder), noBundler) as Loaded;
    expect(errors).toMatchObject([{ code: "BUNDLER_FAILED" }]);
    expect((inNode(folder, load(folder)) as Loaded).errors).toEqual([]);
  });

  it("is bundled again when its bundle is altered, gone, or its record is damaged", () => {
    const folder = projectWith(withHelper("a"));
    const first = inNode(folder, load(folder)) as Loaded;
    const bundle = `${folder}/.millrace/bundles/${first.dags[0][3]}.mjs`;
    writeFileSync(bundle, "globalThis.wasRun = true;");
    expect(inNode(folder, `${load(folder)} result.wasRun = globalThis.wasRun ?? false;`)).toEqual({
      ...first,
      wasRun: false,
    });
    for (const name of readdirSync(`${folder}/.millrace/bundles/files`))
      writeFileSync(`${folder}/.millrace/bundles/files/${name}`, `{"v":1,"hash":`);
    expect(inNode(folder, load(folder))).toEqual(first);
  });
});

describe("a file that was good before", () => {
  const { [`dags/a.ts`]: text = "" } = withHelper("a");

  it.each([
    ["cannot be read as code", "export const = 1;", 1],
    ["throws", `throw new Error("boom");`, 1],
    ["lacks a package", `\nimport "no-such-package-anywhere";`, 2],
    ["ends the process", "process.exit();", 1],
  ])("and now %s keeps its DAGs as they were, and its mistake is told", (_, broken, line) => {
    const folder = projectWith({ ...withHelper("a"), "dags/b.ts": withHelper("b")["dags/b.ts"] });
    const first = inNode(folder, load(folder)) as Loaded;
    writeFileSync(`${folder}/dags/a.ts`, broken);
    // The helper has moved on: what was good is not made of it.
    writeFileSync(`${folder}/lib/doc.ts`, `export const doc = "second";`);
    const second = inNode(folder, load(folder)) as Loaded;
    const [[, , , hash]] = first.dags;
    expect(second.dags).toEqual([
      ["a", "first", true, hash],
      ["b", "second", false, expect.not.stringMatching(first.dags[1][3])],
    ]);
    expect(second.errors).toMatchObject([{ path: "dags/a.ts", line }]);
  });

  it("and is in order again is itself again, in the same process", () => {
    const folder = projectWith(withHelper("a"));
    const code = `let stale, mended; ${load(folder, "result")} ${put(`${folder}/dags/a.ts`, "throw 1;")} ${load(folder, "stale")}
      ${put(`${folder}/lib/doc.ts`, `export const doc = "third";`)}
      (await import("node:fs")).writeFileSync("${folder}/dags/a.ts", original); ${load(folder, "mended")}
      result = [result.dags, stale.dags, mended.dags].map(([[, doc, isStale]]) => [doc, isStale]);`;
    const seen = inNode(
      folder,
      `const original = (await import("node:fs")).readFileSync("${folder}/dags/a.ts", "utf8"); ${code}`,
    );
    expect(seen).toEqual([
      ["first", false],
      ["first", true],
      ["third", false],
    ]);
  });

  it("and has no DAG any more has none; what another file defines now wins over what is left", () => {
    const folder = projectWith(withHelper("a"));
    inNode(folder, load(folder));
    writeFileSync(`${folder}/dags/a.ts`, "export const a = 1;");
    expect(inNode(folder, load(folder))).toMatchObject({ dags: [], errors: [{ code: "DAG_FILE_EMPTY" }] });
    writeFileSync(`${folder}/dags/a.ts`, "throw 1;");
    const core = new URL("../../../src/index.ts", import.meta.url).href;
    writeFileSync(`${folder}/dags/z.ts`, text.replace("{core}", core).replace("doc }, ", `doc: "of z" }, `));
    expect((inNode(folder, load(folder)) as Loaded).dags).toMatchObject([["a", "of z", false, expect.any(String)]]);
  });
});

describe("a file that may not be bundled", () => {
  it("is told with its reason, at once: pipes, endless and huge imports", () => {
    const good = withHelper("good")["dags/good.ts"];
    const folder = projectWith({
      "lib/doc.ts": `export const doc = "good";`,
      "dags/good.ts": good,
      "dags/huge.ts": `import rows from "../lib/huge.json";\nexport default rows;`,
      "lib/huge.json": `["${"x".repeat(3 * 1024 * 1024)}"]`,
      "dags/pipe.ts": `import rows from "../lib/pipe.json";\nexport default rows;`,
      "dags/many.ts": `export const load = (name: string) => import(\`../many/\${name}.ts\`);`,
      ...Object.fromEntries(Array.from({ length: 1_100 }, (_, at) => [`many/m${at}.ts`, "export default 1;"])),
    });
    execFileSync("mkfifo", [`${folder}/lib/pipe.json`]);
    const { dags, errors } = inNode(folder, load(folder)) as Loaded;
    expect(dags.map(([id]) => id)).toEqual(["good"]);
    expect(errors).toMatchObject([
      {
        path: "dags/huge.ts",
        code: "DAG_FILE_TOO_LARGE",
        message: expect.stringContaining("lib/huge.json takes 3145732 bytes"),
      },
      { path: "dags/many.ts", code: "DAG_FILE_TOO_LARGE", message: expect.stringContaining("more than 1000") },
      { path: "dags/pipe.ts", code: "DAG_FILE_FAILED", message: expect.stringContaining("it is no ordinary file") },
    ]);
  });

  it("says where the mistake is, also in a helper and in what a package does not export", () => {
    const folder = projectWith({
      "dags/helper.ts": `import { a } from "../lib/broken";\nexport default a;`,
      "lib/broken.ts": `export const a = 1;\nexport const b = ;\n`,
      "dags/name.ts": `interface A {\n  a: string;\n}\n\n\n\nimport { nothing } from "{core}";\nexport default nothing;`,
    });
    const { errors } = inNode(folder, load(folder)) as Loaded;
    expect(errors).toMatchObject([
      { path: "dags/helper.ts", message: expect.stringContaining(`${folder}/lib/broken.ts:2:18: Unexpected ";"`) },
      { path: "dags/name.ts", line: 7, message: expect.stringContaining("'nothing'") },
    ]);
  });
});

it("where nothing can be written, DAGs are loaded all the same, and it is told", () => {
  const folder = projectWith({ ...withHelper("a"), ".millrace": "a file" });
  expect(inNode(folder, load(folder))).toMatchObject({
    dags: [["a", "first", false, expect.any(String)]],
    errors: [],
    notKept: "BUNDLE_NOT_KEPT",
  });
});

it("two processes that load the same files at once do not disturb each other", async () => {
  const folder = projectWith({ ...withHelper("a"), "dags/b.ts": withHelper("b")["dags/b.ts"] });
  symlinkSync(`${folder}/.millrace`, `${folder}/linked`);
  const program = `import * as engine from ${JSON.stringify(new URL("../../../src/engine.ts", import.meta.url).href)}; let result; ${load(folder)} console.log(JSON.stringify(result));`;
  const { spawn } = await import("node:child_process");
  const ended = await Promise.all(
    [1, 2, 3].map(
      () =>
        new Promise<string>((resolve, reject) => {
          const child = spawn(process.execPath, [
            "--conditions=millrace-source",
            "--no-warnings",
            "--input-type=module",
            "--eval",
            program,
          ]);
          let out = "";
          child.stdout.on("data", (data: Buffer) => {
            out += data;
          });
          child.on("error", reject).on("close", () => resolve(out));
        }),
    ),
  );
  const [first, ...others] = ended.map((text) => JSON.parse(text) as Loaded);
  expect(first).toMatchObject({
    dags: [
      ["a", "first", false, expect.any(String)],
      ["b", "first", false, expect.any(String)],
    ],
    errors: [],
    notKept: null,
  });
  for (const other of others) expect(other).toEqual(first);
  expect(readdirSync(`${folder}/.millrace/bundles`).filter((name) => name.endsWith(".tmp"))).toEqual([]);
});
