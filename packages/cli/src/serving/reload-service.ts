import { relative } from "node:path";
import type { Dag } from "@millrace/core";
import type { DagReplaced, Engine, EngineService, LoadedDags } from "@millrace/core/engine";
import { type Clock, isMillraceError } from "@millrace/core/plugin";
import { watch } from "chokidar";
import type { UnfitDag } from "../open-engine.ts";

export interface ReloadOptions {
  /** The folder of DAG files. */
  readonly folder: string;
  /** What the engine was opened with. */
  readonly taken: LoadedDags["dags"];
  load(): Promise<LoadedDags>;
  /** Told after everything that was loaded anew. */
  onReload(reloaded: Reloaded): void;
}

export interface Reloaded {
  readonly loaded: LoadedDags;
  readonly replaced: DagReplaced;
  /** DAGs that the engine does not take; what it had of them before stays. */
  readonly unfit: readonly UnfitDag[];
}

/** Changes come in crowds: files are loaded when it has been quiet for this long. */
const quietMs = 100;
/** Files that DAG files import from elsewhere are not watched; they are looked at so often. */
const lookEveryMs = 10_000;

/**
 * Gives the engine new versions of DAGs whose files change, come or go. Runs under way keep their version. A file that is
 * broken, or not whole yet, leaves what it gave before.
 */
export function reloadService({ folder, taken, load, onReload }: ReloadOptions): EngineService {
  let known = hashesOf(taken);
  let isChanged = false;
  let wake = new AbortController();
  let working: Promise<void> = Promise.resolve();
  let close: () => Promise<void> = () => Promise.resolve();
  const notice = (): void => {
    isChanged = true;
    wake.abort();
  };
  return {
    name: "reload",
    async start({ engine, clock, signal, report }) {
      const watcher = watch(folder, {
        ignoreInitial: true,
        ignored: (path) => relative(folder, path).includes("node_modules"),
      });
      close = () => watcher.close();
      watcher.on("all", notice).on("error", report);
      await new Promise<void>((resolve) => watcher.once("ready", resolve));
      const reload = async (): Promise<void> => {
        const loaded = await load();
        const hashes = hashesOf(loaded.dags);
        const changed = loaded.dags.filter(({ dag, bundle }) => known.get(dag.id) !== bundle.hash);
        const remove = [...known.keys()].filter((dagId) => !hashes.has(dagId));
        const { replaced, unfit } = await replace(
          engine,
          changed.map(({ dag }) => dag),
          remove,
        );
        // What was refused is tried again: a pool that it needs may come.
        for (const { dagId } of unfit) hashes.set(dagId, "");
        known = hashes;
        onReload({ loaded, replaced, unfit });
      };
      working = (async () => {
        let isTold = false;
        while (!signal.aborted) {
          const until = AbortSignal.any([signal, wake.signal]);
          await clock.sleep(lookEveryMs, until);
          if (isChanged) await quiet(clock, signal);
          if (signal.aborted) return;
          try {
            await reload();
            isTold = false;
          } catch (error) {
            if (!isTold) report(error);
            isTold = true;
          }
        }
      })();
    },
    async stop() {
      await close();
      await working;
    },
  };

  async function quiet(clock: Clock, signal: AbortSignal): Promise<void> {
    while (isChanged && !signal.aborted) {
      isChanged = false;
      await clock.sleep(quietMs, signal);
    }
    wake = new AbortController();
  }
}

/** A DAG that is refused keeps none of the others from being taken. */
async function replace(
  engine: Engine,
  put: readonly Dag[],
  remove: readonly string[],
): Promise<{ readonly replaced: DagReplaced; readonly unfit: readonly UnfitDag[] }> {
  try {
    return { replaced: await engine.replaceDags({ put, remove }), unfit: [] };
  } catch (error) {
    if (!isMillraceError(error) || put.length === 0) throw error;
    if (put.length === 1)
      return { replaced: await engine.replaceDags({ remove }), unfit: [{ dagId: put[0].id, error }] };
  }
  const each: Awaited<ReturnType<typeof replace>>[] = [];
  for (const dag of put) each.push(await replace(engine, [dag], []));
  each.push(await replace(engine, [], remove));
  const all = (what: keyof DagReplaced): readonly string[] => each.flatMap(({ replaced }) => replaced[what]);
  return {
    replaced: { added: all("added"), changed: all("changed"), unchanged: all("unchanged"), removed: all("removed") },
    unfit: each.flatMap(({ unfit }) => unfit),
  };
}

function hashesOf(dags: LoadedDags["dags"]): Map<string, string> {
  return new Map(dags.map(({ dag, bundle }) => [dag.id, bundle.hash]));
}
