import { relative } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { inNode, projectWith } from "./in-node.ts";

// Every case starts a Node of its own, and the machine may be busy.
vi.setConfig({ testTimeout: 60_000 });

interface Loaded {
  readonly dags: readonly (readonly [id: string, path: string])[];
  readonly errors: readonly {
    readonly path: string;
    readonly line?: number;
    readonly column?: number;
    readonly code: string;
    readonly message: string;
    readonly cure: string;
  }[];
}

function load(files: Readonly<Record<string, string>>): Loaded {
  const folder = projectWith(files);
  const loaded = inNode(
    folder,
    `const { dags, errors } = await engine.loadDags({ folder: "${folder}/dags", home: "${folder}/.millrace" });
    result = { dags: dags.map(({ dag, path }) => [dag.id, path]), errors: errors.map(({ error, ...place }) => ({ ...place, code: error.code, message: error.message, cure: error.cure })) };`,
  ) as Loaded;
  const short = (path: string): string => relative(`${folder}/dags`, path);
  return {
    dags: loaded.dags.map(([id, path]) => [id, short(path)] as const),
    errors: loaded.errors.map((error) => ({ ...error, path: short(error.path) })),
  };
}

const dagFile = (id: string): string =>
  `import { dag } from "{core}";\nexport default dag("${id}", {}, (d) => { d.empty("only"); });\n`;

describe("loadDags", () => {
  it("takes every exported DAG, alone or in any iterable, and ignores other exports", () => {
    const { dags, errors } = load({
      "dags/many.ts": `import { dag, type Dag } from "{core}";
        const make = (id: string): Dag => dag(id, {}, (d) => { d.empty("only"); });
        export default make("first");
        export const second = make("second");
        export const list = [make("in_list"), make("in_list_2")];
        export const set = new Set([make("in_set")]);
        export const generated = (function* () { yield make("generated"); })();
        export const numbers = [1, 2, 3];
        export const text = "not a list of DAGs";
        export const forever = (function* () { for (;;) yield 1; })();
        export const nothing = null;`,
    });
    expect(dags.map(([id]) => id)).toEqual(["first", "generated", "in_list", "in_list_2", "in_set", "second"]);
    expect(errors).toEqual([]);
  });

  it("loads the good files beside bad ones, and gives each bad one its place and its cure", () => {
    const { dags, errors } = load({
      "dags/good.ts": dagFile("good"),
      "dags/syntax.ts": `import { dag } from "{core}";\nconst a: number = 1;\nexport const b = ;\n`,
      "dags/syntax-js.mjs": `export const a = 1;\nexport const b = (;\n`,
      "dags/throws.ts": `interface Shape {}\nfunction inner(): void {\n  throw new Error("no luck");\n}\ninner();\n`,
      "dags/throws-text.mjs": `throw "just text";`,
      "dags/no-ending.ts": `import { rows } from "./rows";\nexport default rows;\n`,
      "dags/no-package.ts": `import rows from "no-such-package-anywhere";\nexport default rows;\n`,
      "dags/empty.ts": `export const answer = 42;\n`,
      "dags/cycle.ts": `import { dag } from "{core}";\n\nexport default dag("cycle", {}, (d) => {\n  const a = d.empty("a");\n  const b = d.empty("b");\n  d.chain(a, b, a);\n});\n`,
      "dags/zz-good.mjs": dagFile("also_good"),
    });
    expect(dags.map(([id]) => id)).toEqual(["also_good", "good"]);
    const byPath = Object.fromEntries(errors.map((error) => [error.path, error]));
    expect(byPath["syntax.ts"]).toMatchObject({
      code: "DAG_FILE_FAILED",
      line: 3,
      column: 18,
      message: expect.stringContaining('Unexpected ";"'),
    });
    expect(byPath["syntax-js.mjs"]).toMatchObject({ code: "DAG_FILE_FAILED", line: 2, column: 19 });
    expect(byPath["throws.ts"]).toMatchObject({
      code: "DAG_FILE_FAILED",
      line: 3,
      column: 9,
      message: expect.stringContaining("no luck"),
    });
    expect(byPath["throws-text.mjs"]).toMatchObject({
      code: "DAG_FILE_FAILED",
      message: expect.stringContaining('it threw "just text", which is no Error'),
    });
    expect(byPath["no-ending.ts"]).toMatchObject({
      code: "DAG_FILE_IMPORT_MISSING",
      line: 1,
      message: expect.stringContaining("imports './rows'"),
    });
    expect(byPath["no-package.ts"]).toMatchObject({
      code: "DAG_FILE_IMPORT_MISSING",
      line: 1,
      column: 18,
      message: expect.stringContaining("'no-such-package-anywhere'"),
    });
    expect(byPath["empty.ts"]).toMatchObject({ code: "DAG_FILE_EMPTY" });
    expect(byPath["cycle.ts"]).toMatchObject({
      code: "DAG_FILE_FAILED",
      line: 3,
      message: expect.stringContaining("DAG_CYCLE"),
    });
    expect(errors).toHaveLength(8);
  });

  it("reports a DAG id that two files define and keeps the first; the same DAG exported twice is no trouble", () => {
    const { dags, errors } = load({
      "dags/a.ts": dagFile("same"),
      "dags/b.ts": dagFile("same"),
      "dags/0-all.ts": `export { default } from "./a.ts";\n`,
      "dags/index.ts": `export { default } from "./a.ts";\n`,
    });
    expect(dags).toEqual([["same", "a.ts"]]);
    expect(errors).toMatchObject([
      {
        path: "b.ts",
        code: "DAG_DEFINED_TWICE",
        message: expect.stringMatching(/'same' is defined in .*b\.ts and in .*a\.ts/),
      },
    ]);
  });

  it("takes TypeScript modules of a project that is CommonJS", () => {
    const { dags, errors } = load({
      "package.json": `{ "type": "commonjs" }`,
      "dags/a.ts": dagFile("a"),
      "dags/b.mts": dagFile("b"),
    });
    expect([dags.map(([id]) => id), errors]).toEqual([["a", "b"], []]);
  });

  it("has a coded error for a folder that is not there", () => {
    const folder = projectWith({});
    expect(
      inNode(
        folder,
        `await engine.loadDags({ folder: "${folder}/dags", home: "${folder}/.millrace" }).catch((error) => { result = [error.code, error.cure]; });`,
      ),
    ).toEqual(["DAGS_FOLDER_MISSING", expect.stringContaining("millrace init")]);
  });
});
