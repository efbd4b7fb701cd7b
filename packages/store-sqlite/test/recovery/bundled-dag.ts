import { existsSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const core = fileURLToPath(new URL("../../node_modules/@millrace/core", import.meta.url));

/**
 * Writes a DAG file whose text says which life it is of: another version each time. Its tasks notice when one run is made
 * with the code of two versions.
 */
export function writeDagFile(folder: string, life: number): void {
  mkdirSync(join(folder, "dags"), { recursive: true });
  const packages = join(folder, "node_modules/@millrace");
  mkdirSync(packages, { recursive: true });
  if (!existsSync(join(packages, "core"))) symlinkSync(core, join(packages, "core"));
  writeFileSync(
    join(folder, "dags/versioned.ts"),
    `import { appendFileSync } from "node:fs";
import { dag } from "@millrace/core";

const version: number = ${life};

const effect = ({ dag, run, task, attempt }) => {
  const line = { dagId: dag.id, runId: run.id, taskId: task.id, mapIndex: task.mapIndex, attempt };
  appendFileSync(${JSON.stringify(join(folder, "effects"))}, JSON.stringify(line) + "\\n");
};

export default dag("versioned", { description: "of life ${life}" }, (d) => {
  const first = d.task("first", (context) => {
    effect(context);
    return version;
  });
  d.task("second_${life}", { input: first }, (context) => {
    if (context.input !== version) throw new Error("the code of another version");
    effect(context);
  });
});
`,
  );
}
