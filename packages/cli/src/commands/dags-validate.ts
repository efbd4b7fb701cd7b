import { resolve } from "node:path";
import type { DagImportError, LoadedDags } from "@millrace/core/engine";
import { coreError } from "@millrace/core/plugin";
import { defineCommand } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import { errorPayload } from "../report-error.ts";
import type { Session } from "../session.ts";
import { importErrorLines, importErrorPayload } from "../views/import-error-view.ts";
import { unknownPools } from "../views/unknown-pools.ts";

export default defineCommand({
  about:
    "Prints file:line:column of every mistake and exits with 2 if there is one. No task runs, nothing is recorded.",
  arguments: [{ name: "[file...]", says: "only these files (default: the whole DAGs folder)" }],
  examples: [
    ["millrace dags validate", "every DAG file"],
    ["millrace dags validate dags/hello.ts", "one of them"],
  ],
  async run(session, given) {
    const loaded = await load(session, given.list("file"));
    const current = loaded.dags.filter(({ isStale }) => !isStale);
    const { pools } = await session.config();
    const problems = current.flatMap(({ dag, path }) =>
      unknownPools([dag], pools).map((error): DagImportError => ({ path, error })),
    );
    const { style } = session;
    const count = loaded.errors.length + problems.length;
    const payload = {
      valid: count === 0,
      dags: current.map(({ dag, path }) => ({ dag: dag.id, path, tasks: dag.tasks.length })),
      importErrors: loaded.errors.map(importErrorPayload),
      problems: problems.map(({ path, error }) => ({ path, ...errorPayload(error) })),
      skipped: loaded.skipped,
    };
    session.print(payload, () => [
      ...[...loaded.errors, ...problems].flatMap((error) => [...importErrorLines(error, style, session.io.cwd), ""]),
      count === 0
        ? `${style.good("✓")} ${counted(current.length, "DAG")} in good order`
        : `${style.bad("✗")} ${counted(count, "mistake")}; ${counted(current.length, "DAG")} in good order`,
    ]);
    for (const { path, reason } of loaded.skipped) session.warn(`${path} was left out: ${reason}.`);
    return count === 0 ? exitCodes.ok : exitCodes.usage;
  },
});

async function load(session: Session, files: readonly string[]): Promise<LoadedDags> {
  if (files.length === 0) return session.dags();
  const { loadDags } = await session.core();
  const { existsSync } = await import("node:fs");
  const paths = files.map((file) => resolve(session.io.cwd, file));
  const missing = paths.filter((path) => !existsSync(path));
  const { home } = await session.config();
  const loaded = await loadDags({ files: paths.filter((path) => !missing.includes(path)), home });
  const absent = missing.map((path) => ({
    path,
    error: coreError("DAG_FILE_FAILED", { path, why: "there is no such file" }),
  }));
  return { ...loaded, errors: [...loaded.errors, ...absent] };
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}
