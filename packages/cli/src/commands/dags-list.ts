import { relative } from "node:path";
import type { LoadedDag } from "@millrace/core/engine";
import { messageOf, type RunRow } from "@millrace/core/plugin";
import { defineCommand } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import type { Session } from "../session.ts";
import { ago } from "../terminal/show-time.ts";
import { type Column, tableLines } from "../terminal/table.ts";
import { importErrorPayload, importErrorPlace } from "../views/import-error-view.ts";
import { iso } from "../views/run-view.ts";

interface DagLine extends LoadedDag {
  readonly paused: boolean;
  readonly lastRun: RunRow | undefined;
}

export default defineCommand({
  options: [{ flags: "--tag <tag>", says: "only DAGs with this tag" }],
  examples: [
    ["millrace dags list", "every DAG of the DAGs folder"],
    ["millrace dags list --tag sales -o json", "some of them, for programs"],
  ],
  async run(session, given) {
    const loaded = await session.dags();
    const { dags: folder } = await session.config();
    const tag = given.textOr("tag", undefined);
    const lines = await withLastRuns(
      session,
      tag === undefined ? loaded.dags : loaded.dags.filter(({ dag }) => dag.tags.includes(tag)),
    );
    const { style, io } = session;
    const now = session.now();
    const columns: readonly Column<DagLine>[] = [
      { title: "dag", cell: ({ dag }) => dag.id, paint: (text) => style.bold(text), flexible: true },
      { title: "tasks", cell: ({ dag }) => String(dag.tasks.length), align: "right" },
      {
        title: "schedule",
        cell: ({ dag, paused }) => `${dag.schedule?.describe() ?? "–"}${paused ? " (paused)" : ""}`,
      },
      {
        title: "last run",
        cell: ({ lastRun }) => (lastRun ? `${style.sign(lastRun.state)} ${ago(lastRun.createdAt, now)}` : "–"),
        paint: (text, { lastRun }) => (lastRun ? style.inStateColor(lastRun.state, text) : style.dim(text)),
      },
      { title: "tags", cell: ({ dag }) => dag.tags.join(", ") },
      {
        title: "file",
        cell: ({ path, isStale }) => `${relative(folder, path)}${isStale ? " (as it was before)" : ""}`,
        paint: (text) => style.dim(text),
      },
      { title: "about", cell: ({ dag }) => dag.description ?? "", paint: (text) => style.dim(text), flexible: true },
    ];
    const payload = {
      dags: lines.map(({ dag, path, isStale, paused, lastRun }) => ({
        dag: dag.id,
        description: dag.description ?? null,
        tasks: dag.tasks.length,
        schedule: dag.schedule?.describe() ?? null,
        paused,
        tags: dag.tags,
        owner: dag.owner ?? null,
        path,
        isStale,
        lastRun: lastRun ? { run: lastRun.runId, state: lastRun.state, createdAt: iso(lastRun.createdAt) } : null,
      })),
      importErrors: loaded.errors.map(importErrorPayload),
      skipped: loaded.skipped,
    };
    session.print(payload, () => (lines.length === 0 ? [] : tableLines(lines, columns, style, io.out.columns)));
    if (lines.length === 0)
      session.note(tag === undefined ? `There is no DAG in ${folder}.` : `No DAG has the tag '${tag}'.`);
    for (const error of loaded.errors)
      session.warn(`${importErrorPlace(error, io.cwd)} ${consequence(error.path)}: ${error.error.code}`);
    if (loaded.errors.length > 0) session.note("What is wrong with these files: millrace dags validate");
    return exitCodes.ok;

    function consequence(path: string): string {
      const isKept = loaded.dags.some((dag) => dag.isStale && dag.path === path);
      return isKept ? "is broken, its DAGs are those it gave before" : "gave no DAG";
    }
  },
});

/** What the store knows about each DAG. A store that cannot be read is said so, and the DAGs are listed all the same. */
async function withLastRuns(session: Session, dags: readonly LoadedDag[]): Promise<DagLine[]> {
  const lines: DagLine[] = [];
  let store: Awaited<ReturnType<Session["reader"]>>;
  try {
    store = await session.reader();
  } catch (error) {
    session.warn(`Last runs are not known: ${messageOf(error)}`);
  }
  for (const loaded of dags) {
    const row = await store?.dags.get(loaded.dag.id);
    const [lastRun] = row && store ? await store.runs.list({ dagId: loaded.dag.id, limit: 1 }) : [];
    lines.push({ ...loaded, paused: row?.paused ?? loaded.dag.paused, lastRun });
  }
  return lines;
}
