import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { expect, it, vi } from "vitest";
import { inNode, projectWith, withBundles } from "../in-node.ts";

vi.setConfig({ testTimeout: 180_000 });

const fastCheck = pathToFileURL(createRequire(import.meta.url).resolve("fast-check")).href;

it("after any edits of a DAG file and its helpers, the bundle is that of the moment, and has a new hash only if it differs", () => {
  const folder = projectWith({});
  const checked = inNode(
    folder,
    `${withBundles(folder)}
    const { default: fc } = await import("${fastCheck}");
    const { mkdirSync, rmSync, utimesSync, writeFileSync } = await import("node:fs");
    mkdirSync("${folder}/lib"); mkdirSync("${folder}/dags");
    const count = 4;
    const pathOf = (at) => at === 0 ? "${folder}/dags/a.ts" : "${folder}/lib/h" + at + ".ts";
    // Every other helper is imported without its ending: what such an import leads to is looked up.
    const nameOf = (from, to) => (from === 0 ? "../lib/h" : "./h") + to + (to % 2 ? ".ts" : "");
    const textOf = ({ value, imports }, at) =>
      [...imports].map((to) => "import { total as t" + to + ' } from "' + nameOf(at, to) + '";\\n').join("")
      + "enum Kind { Only }\\nexport const total: number = " + [value, ...[...imports].map((to) => "t" + to)].join(" + ") + " + Kind.Only;\\n";
    const reachable = (files, at = 0, seen = new Set()) => {
      if (!seen.has(at)) { seen.add(at); for (const to of files[at].imports) reachable(files, to, seen); }
      return seen;
    };
    const total = (files, at = 0) => files[at].value + [...files[at].imports].reduce((sum, to) => sum + total(files, to), 0);
    const edit = fc.oneof(
      { weight: 3, arbitrary: fc.record({ kind: fc.constant("value"), at: fc.nat(count - 1), value: fc.nat(3) }) },
      { weight: 3, arbitrary: fc.record({ kind: fc.constant("import"), at: fc.nat(count - 1), to: fc.nat(count - 1) }) },
      fc.record({ kind: fc.constant("touch"), at: fc.nat(count - 1) }),
      fc.record({ kind: fc.constant("forget") }),
    );
    const hashes = new Map();
    let edits = 0, same = 0;
    await fc.assert(fc.asyncProperty(fc.array(edit, { minLength: 3, maxLength: 14 }), async (steps) => {
      rmSync(home, { recursive: true, force: true });
      const files = Array.from({ length: count }, () => ({ value: 1, imports: new Set() }));
      const write = (at) => writeFileSync(pathOf(at), textOf(files[at], at));
      for (let at = 0; at < count; at++) write(at);
      for (const step of [{ kind: "none" }, ...steps]) {
        if (step.kind === "value") { files[step.at].value = step.value; write(step.at); }
        if (step.kind === "import" && step.to > step.at) {
          const { imports } = files[step.at];
          if (!imports.delete(step.to)) imports.add(step.to);
          write(step.at);
        }
        if (step.kind === "touch") utimesSync(pathOf(step.at), step.at, step.at);
        if (step.kind === "forget") rmSync(home + "/bundles", { recursive: true, force: true });
        const { bundle } = await bundleFile(home, pathOf(0), freshLook());
        const key = JSON.stringify([...reachable(files)].sort().map((at) => textOf(files[at], at)));
        const known = hashes.get(key);
        if (known !== undefined && known !== bundle.hash) throw new Error("the same code has another hash");
        if (known === undefined && [...hashes.values()].includes(bundle.hash)) throw new Error("other code has the same hash");
        if (known !== undefined) same++;
        hashes.set(key, bundle.hash);
        const seen = (await load(bundle.hash)).total;
        if (seen !== total(files)) throw new Error("the bundle gives " + seen + " and not " + total(files));
        edits++;
      }
    }), { numRuns: 25, endOnFailure: false });
    result = { edits, same, hashes: hashes.size };`,
  ) as { readonly edits: number; readonly same: number; readonly hashes: number };
  // The property says nothing unless code both stayed and changed.
  expect(checked.edits).toBeGreaterThan(50);
  expect(checked.same).toBeGreaterThan(10);
  expect(checked.hashes).toBeGreaterThan(10);
});
