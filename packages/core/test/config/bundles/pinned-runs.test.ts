import { symlinkSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { inNode, projectWith } from "../in-node.ts";

const core = fileURLToPath(new URL("../../..", import.meta.url));

/** A DAG that waits in its first task for a file, and then says what its helper is. */
const project = {
  "dags/sales.ts": `import { dag } from "@millrace/core";
    import { existsSync } from "node:fs";
    import { version } from "../lib/version";
    export default dag("sales", {}, (d) => {
      const wait = d.task("wait", async ({ signal }) => {
        while (!signal.aborted && !existsSync(new URL("../go", import.meta.url))) await new Promise((done) => setImmediate(done));
        return version;
      });
      d.task("say", { input: wait }, ({ input }) => [input, version]);
    });`,
  "dags/other.ts": `import { dag } from "@millrace/core";
    export default dag("other", {}, (d) => { d.task("t", () => "other"); });`,
  "lib/version.ts": `export const version: string = "old";`,
};

/** Runs the code in a Node of its own, with an engine on \`database\`; \`result\` is what comes back. */
function inProject(code: string): unknown {
  const folder = projectWith({ "node_modules/@millrace/readme.txt": "", ...project });
  symlinkSync(core, `${folder}/node_modules/@millrace/core`);
  return inNode(
    folder,
    `import { existsSync, rmSync, writeFileSync } from "node:fs";
    import { createEngine, loadDags } from ${JSON.stringify(`${core}/src/engine.ts`)};
    import { memoryDatabase, memoryStore } from ${JSON.stringify(`${core}/src/plugin.ts`)};
    const home = ${JSON.stringify(`${folder}/.millrace`)};
    const at = (path) => ${JSON.stringify(`${folder}/`)} + path;
    const load = async () => (await loadDags({ folder: at("dags"), home })).dags;
    const database = memoryDatabase();
    const open = async () =>
      createEngine({ dags: (await load()).map(({ dag }) => dag), home, store: memoryStore({ database }) });
    const begun = (engine, runId) => new Promise((resolve) => {
      const stop = engine.observe((event) => {
        if (event.kind === "task.running" && event.runId === runId) { stop(); resolve(); }
      });
      void engine.trigger("sales", { runId });
    });
    const ended = (engine, runId) => new Promise((resolve) => {
      engine.observe((event) => event.runId === runId && /^run\\.(success|failed)$/.test(event.kind) && resolve());
    });
    const said = (engine, runId) => engine.xcom("sales", runId, "say");
    const edit = () => writeFileSync(at("lib/version.ts"), 'export const version: string = "new";');
    const go = () => writeFileSync(at("go"), "");
    ${code}`,
  );
}

it("a run goes on with the code that it began with when a helper file is edited; the next run has the new code", () => {
  const code = `const host = await open();
    await begun(host, "first");
    edit();
    const replaced = await host.replaceDags({ put: (await load()).map(({ dag }) => dag) });
    const end = ended(host, "first");
    go();
    await end;
    await host.run("sales", { runId: "second" });
    result = [replaced, await said(host, "first"), await said(host, "second")];
    await host.close();`;
  expect(inProject(code)).toEqual([
    { added: [], changed: ["sales"], unchanged: ["other"], removed: [] },
    ["old", "old"],
    ["new", "new"],
  ]);
});

it("after a crash a run goes on with the code that it began with, though the file is another one, or gone", () => {
  for (const change of ["edit()", 'rmSync(at("dags/sales.ts"))']) {
    const code = `const first = await open();
      await begun(first, "first");
      database.crash();
      await first.close();
      ${change};
      const second = await open();
      const end = ended(second, "first");
      go();
      const started = await second.start();
      await end;
      result = [started, await said(second, "first")];
      await second.close();`;
    expect(inProject(code)).toEqual([{ adopted: 1, refused: [] }, ["old", "old"]]);
  }
});

it("a run whose bundle is gone or altered is refused and named, can be cancelled, and keeps no other from going on", () => {
  for (const [harm, why] of [
    ["rmSync(bundle.path)", "BUNDLE_MISSING"],
    ["writeFileSync(bundle.path, 'export default process.exit(3)')", "BUNDLE_CORRUPT"],
  ]) {
    const code = `const [, { bundle }] = await load();
      const first = await open();
      await begun(first, "first");
      database.crash();
      await first.close();
      edit();
      ${harm};
      const second = await open();
      const { adopted, refused } = await second.start();
      const other = await second.run("other");
      const cancelled = await second.cancel("sales", "first");
      result = [adopted, refused.map(({ runId, error }) => [runId, error.code, error.message]), other.state, cancelled];
      await second.close();`;
    const [adopted, refused, other, cancelled] = inProject(code) as [
      number,
      [string, string, string][],
      string,
      boolean,
    ];
    expect([adopted, other, cancelled]).toEqual([0, "success", true]);
    expect(refused).toEqual([["first", "DAG_VERSION_GONE", expect.stringContaining(why ?? "")]]);
  }
});
