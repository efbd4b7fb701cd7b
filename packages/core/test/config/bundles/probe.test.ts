import { renameSync } from "node:fs";
import { describe, expect, it, vi } from "vitest";
import { inNode, projectWith } from "../in-node.ts";

// Every case starts a Node of its own, and the machine may be busy.
vi.setConfig({ testTimeout: 180_000 });

const good = (id: string): string =>
  `import { dag } from "{core}";\nexport default dag("${id}", {}, (d) => { d.empty("only"); });\n`;

interface Loaded {
  readonly dags: readonly string[];
  readonly errors: Readonly<Record<string, { readonly line?: number; readonly message: string }>>;
  readonly printed: string;
}

const loaded = (folder: string, more = ""): string => `
const write = process.stdout.write;
let printed = "";
process.stdout.write = (text) => { printed += text; return true; };
const { dags, errors } = await engine.loadDags({ folder: "${folder}/dags", home: "${folder}/.millrace", ${more} });
process.stdout.write = write;
result = { dags: dags.map(({ dag }) => dag.id), errors: Object.fromEntries(errors.map(({ path, line, error }) => [path.slice("${folder}/dags/".length), { line, message: error.message }])), printed };`;

describe("a file that is loaded for the first time", () => {
  it("harms nobody when it throws, exits, rejects or leaves something open; the others are loaded", () => {
    const folder = projectWith({
      "dags/a-good.ts": good("a"),
      "dags/exits.ts": `console.log("printed by a probe");\ninterface A {}\nprocess.exit(3);\n`,
      "dags/exits-later.ts": `${good("e")}queueMicrotask(() => process.exit());\n`,
      "dags/later.ts": `${good("l")}\nsetTimeout(() => { throw new Error("later"); }, 5);\n`,
      "dags/opens.ts": `${good("y")}setInterval(() => undefined, 1_000);\nsetInterval(() => undefined, 1_000);\n`,
      "dags/rejects.ts": `interface A {}\nvoid Promise.reject(new Error("nobody listens"));\n${good("z")}`,
      "dags/serves.ts": `import { createServer } from "node:net";\ncreateServer().listen(0, "127.0.0.1");\n${good("s")}`,
      "dags/throws.ts": `interface Shape {}\n\nthrow new TypeError("no luck");\n`,
      "dags/z-good.ts": good("b"),
    });
    const { dags, errors, printed } = inNode(folder, loaded(folder)) as Loaded;
    expect(dags).toEqual(["a", "b"]);
    expect(errors).toEqual({
      "exits.ts": { line: 3, message: expect.stringContaining("it ended the process (process.exit(3))") },
      "exits-later.ts": { line: 3, message: expect.stringContaining("it ended the process") },
      "later.ts": { line: 4, message: expect.stringContaining("later") },
      "opens.ts": { message: expect.stringContaining("(2 × Timeout)") },
      "rejects.ts": { line: 2, message: expect.stringContaining("nobody listens") },
      "serves.ts": { message: expect.stringContaining("TCPServerWrap") },
      "throws.ts": { line: 3, message: expect.stringContaining("no luck") },
    });
    expect(printed).toBe("");
  });

  it("harms nobody when it loops or waits for ever", () => {
    const folder = projectWith({
      "dags/a-good.ts": good("a"),
      "dags/loops.txt": `${good("x")}for (;;);\n`,
      "dags/waits.txt": `${good("w")}await new Promise(() => undefined);\n`,
    });
    inNode(folder, loaded(folder));
    // What is known to be good is not tried again, so the time may be short.
    for (const name of ["loops", "waits"]) renameSync(`${folder}/dags/${name}.txt`, `${folder}/dags/${name}.ts`);
    const { dags, errors } = inNode(folder, loaded(folder, `loadTimeLimit: "500ms"`)) as Loaded;
    expect(dags).toEqual(["a"]);
    const late = { message: expect.stringContaining("it was still loading after 0.5 s") };
    expect(errors).toEqual({ "loops.ts": late, "waits.ts": late });
  });

  it("may take so much memory and no more, and what others took before does not count", () => {
    const folder = projectWith({
      "dags/a-large.ts": `${good("a")}export const kept = Array.from({ length: 1_200_000 }, (_, at) => ({ at }));\n`,
      "dags/b-large.ts": `${good("b")}export const kept = Array.from({ length: 1_200_001 }, (_, at) => ({ at }));\n`,
      "dags/c-large.ts": `${good("c")}export const kept = Array.from({ length: 1_200_002 }, (_, at) => ({ at }));\n`,
      "dags/endless.ts": `${good("d")}const all: unknown[] = [];\nfor (;;) all.push({ more: [all.length] });\n`,
    });
    const { dags, errors } = inNode(folder, loaded(folder, "loadMemoryMb: 96")) as Loaded;
    expect(dags).toEqual(["a", "b", "c"]);
    expect(errors).toEqual({ "endless.ts": { message: expect.stringContaining("more than 96 MB of memory") } });
  });

  it("may begin what comes to an end by itself", () => {
    const folder = projectWith({
      "dags/a.ts": `${good("a")}setTimeout(() => undefined, 20);\nsetInterval(() => undefined, 1_000).unref();\n`,
    });
    expect(inNode(folder, loaded(folder))).toMatchObject({ dags: ["a"], errors: {} });
  });

  it("is loaded in a thread once: what was found out lies beside its bundle", () => {
    const folder = projectWith({
      "dags/a.ts": `import { isMainThread } from "node:worker_threads";
        import { appendFileSync } from "node:fs";
        appendFileSync(import.meta.dirname + "/../log", isMainThread ? "main " : "thread ");
        ${good("a")}`,
    });
    const result = inNode(
      folder,
      `const { readFileSync } = await import("node:fs");
      const load = () => engine.loadDags({ folder: "${folder}/dags", home: "${folder}/.millrace" });
      const [{ bundle }] = (await load()).dags;
      const facts = JSON.parse(readFileSync(bundle.path.replace(/mjs$/, "json"), "utf8"));
      await load();
      result = { log: readFileSync("${folder}/log", "utf8"), facts };`,
    );
    expect(result).toMatchObject({
      log: "thread main ",
      facts: {
        v: 1,
        path: `${folder}/dags/a.ts`,
        dagIds: ["a"],
        inputs: expect.arrayContaining([`${folder}/dags/a.ts`]),
      },
    });
    const again = inNode(
      folder,
      `${loaded(folder)} result.log = (await import("node:fs")).readFileSync("${folder}/log", "utf8");`,
    );
    expect(again).toMatchObject({ dags: ["a"], log: "thread main main " });
  });
});
