import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { runNode } from "./child-process.ts";
import type { Figure, Gap } from "./figure.ts";
import { median } from "./measure.ts";
import type { Sizes } from "./sizes.ts";

const packages = fileURLToPath(new URL("../../packages/", import.meta.url));

/** What `import "@millrace/core"`, as built and published, adds to the start of a bare node. */
export async function measureImport(folder: string, { starts }: Sizes): Promise<Figure | Gap> {
  const id = "importCore";
  const name = `import "@millrace/core", cold`;
  const built = join(packages, "core/dist/index.js");
  if (!existsSync(built)) return { id, name, why: "not built" };
  const bareFile = join(folder, "bare.mjs");
  const importFile = join(folder, "import.mjs");
  writeFileSync(bareFile, "");
  writeFileSync(importFile, `import ${JSON.stringify(pathToFileURL(built).href)};`);
  const bare: number[] = [];
  const added: number[] = [];
  for (let start = 0; start <= starts; start++) {
    const bareMs = (await runNode([bareFile])).wallMs;
    const importMs = (await runNode([importFile])).wallMs;
    // The first pair only brings the files into memory.
    if (start === 0) continue;
    bare.push(bareMs);
    added.push(importMs - bareMs);
  }
  return {
    id,
    name,
    value: median(added),
    unit: "ms",
    target: { atMost: 40 },
    note: `above the ${Math.round(median(bare))} ms that a node which does nothing takes`,
    more: { bareNodeMs: median(bare) },
  };
}

const threeTasks = `import { dag } from "@millrace/core";

export default dag("three", {}, (d) => {
  const first = d.task("first", () => 1);
  const second = d.task("second", { input: first }, ({ input }) => input + 1);
  d.task("third", { input: second }, ({ input }) => input + 1);
});
`;

/** `millrace run` from the start of the process to its end, each time in a new project without a database. */
export async function measureRun(folder: string, { starts }: Sizes): Promise<Figure | Gap> {
  const id = "runCommand";
  const name = "millrace run of three tasks, cold process";
  const command = join(packages, "cli/bin/millrace.mjs");
  if (!existsSync(join(packages, "cli/dist"))) return { id, name, why: "not built" };
  const took: number[] = [];
  for (let start = 0; start <= starts; start++) {
    const project = join(folder, `project-${start}`);
    mkdirSync(join(project, "dags"), { recursive: true });
    writeFileSync(join(project, "dags/three.ts"), threeTasks);
    const { wallMs } = await runNode([command, "run", "three"], { cwd: project });
    if (start > 0) took.push(wallMs);
  }
  return { id, name, value: median(took), unit: "ms", target: { atMost: 700 } };
}
