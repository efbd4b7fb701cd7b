import { dirname } from "node:path";
import type { Session } from "../session.ts";
import { ago } from "../terminal/show-time.ts";
import { nameOf } from "../views/task-view.ts";
import type { Candidate, LookUp } from "./candidates.ts";
import { cachePathOf, type KnownDag, keepKnownDags, readKnownDags } from "./dag-id-cache.ts";

const mostRuns = 30;

/** Finds ids in the DAG files and in the store. */
export function lookUpIn(session: Session): LookUp {
  return async (what, given) => {
    switch (what) {
      case "dag":
        return (await knownDags(session)).map(({ id, says }) => ({ value: id, says }));
      case "task":
        return ((await knownDags(session)).find(({ id }) => id === given.dag)?.tasks ?? []).map((value) => ({
          value,
          says: "",
        }));
      case "run":
        return runsOf(session, given.dag);
      case "xcom-key":
        return keysOf(session, given);
    }
  };
}

async function knownDags(session: Session): Promise<readonly KnownDag[]> {
  const cache =
    session.options.config === undefined && session.options.home === undefined ? cachePathOf(session.io) : undefined;
  const known = cache === undefined ? undefined : readKnownDags(cache);
  if (known) return known;
  const config = await session.config();
  const loaded = await session.dags();
  const dags = loaded.dags.map(({ dag }) => ({
    id: dag.id,
    says: dag.description ?? "",
    tasks: dag.tasks.map(({ id }) => id),
  }));
  if (cache !== undefined) {
    const { configFileNames } = await session.core();
    const files = [...loaded.dags.map(({ path }) => path), ...loaded.errors.map(({ path }) => path)];
    // A config that appears in this folder would change everything.
    const configs =
      config.path === undefined ? configFileNames.map((name) => `${session.io.cwd}/${name}`) : [config.path];
    keepKnownDags(
      cache,
      [...new Set([...configs, config.dags, ...files, ...files.map((file) => dirname(file))])],
      dags,
    );
  }
  return dags;
}

async function runsOf(session: Session, dagId: string | undefined): Promise<readonly Candidate[]> {
  const store = await session.reader();
  const runs = (await store?.runs.list({ dagId, limit: mostRuns })) ?? [];
  const now = session.now();
  return [
    { value: "latest", says: "the newest run" },
    ...runs.map((run) => ({ value: run.runId, says: `${run.state}, ${ago(run.createdAt, now)}` })),
  ];
}

async function keysOf(session: Session, given: Readonly<Record<string, string>>): Promise<readonly Candidate[]> {
  const store = await session.reader();
  const { findRun } = await import("../views/run-view.ts");
  if (!store) return [];
  const run = await findRun(store, await session.core(), given.dag, given.run);
  const rows = (await store.xcoms.ofRun(run.runNo)).filter(({ taskId }) => taskId === given.task);
  return [...new Map(rows.map((row) => [row.key, { value: row.key, says: nameOf(row) }])).values()];
}
