import type { Dag } from "@millrace/core";
import type { Engine, EngineOptions, EngineService } from "@millrace/core/engine";
import { isMillraceError, type MillraceError } from "@millrace/core/plugin";
import { holderOf } from "./engine-note.ts";
import { type Session, withHint } from "./session.ts";
import { safeLine } from "./terminal/safe-text.ts";
import { unknownPools } from "./views/unknown-pools.ts";

/**
 * An engine on the configured store.
 *
 * @throws `STORE_LOCKED`, with who holds it if that is known, and what `createEngine` throws
 */
export async function openEngine(
  session: Session,
  options: {
    readonly dags: readonly Dag[];
    readonly services?: readonly EngineService[];
    readonly watchdog?: EngineOptions["watchdog"];
    readonly onTaskLine?: EngineOptions["onTaskLine"];
  },
): Promise<Engine> {
  const core = await session.core();
  const config = await session.config();
  const [{ backend }, { providers }, store] = await Promise.all([
    core.resolveXComBackend(config),
    core.resolveSecrets(config),
    session.store(),
  ]);
  try {
    return await core.createEngine({
      ...options,
      // Trouble with catchup settings is an event, which is told as such.
      onNotice: (notice) => "part" in notice && session.warn(safeLine(`XCom part '${notice.part}': ${notice.message}`)),
      store: store.create(),
      xcom: {
        backend,
        maxValueBytes: config.xcom.maxValueBytes,
        timeout: config.xcom.timeout,
        logOperations: session.options.debug,
      },
      secrets: providers,
      secretTtl: config.secrets.ttl,
      secretTimeout: config.secrets.timeout,
      pools: config.pools,
      concurrency: config.concurrency,
      threads: config.threads,
      killGrace: config.killGrace,
      maxCrashes: config.maxCrashes,
      home: config.home,
    });
  } catch (error) {
    const holder = isLocked(error) ? holderOf(config.home) : undefined;
    if (holder && error instanceof Error)
      withHint(error, `It is \`millrace ${holder.command}\` with the process id ${holder.pid}, since ${holder.since}.`);
    throw error;
  }
}

export function isLocked(error: unknown): boolean {
  return isMillraceError(error) && error.code === "STORE_LOCKED";
}

/** A DAG that no run can be made of, and why. */
export interface UnfitDag {
  readonly dagId: string;
  readonly error: MillraceError;
}

/** DAGs of which runs can be made here, apart from those that name a pool that is not there. */
export async function sortOut(
  session: Session,
  dags: readonly Dag[],
): Promise<{ readonly fit: readonly Dag[]; readonly unfit: readonly UnfitDag[] }> {
  const { pools } = await session.config();
  const store = await session.reader().catch(() => undefined);
  const stored = ((await store?.pools.list()) ?? []).map(({ pool }) => pool);
  const unfit: UnfitDag[] = [];
  const fit = dags.filter((dag) => {
    const [error] = unknownPools([dag], pools, stored);
    if (error) unfit.push({ dagId: dag.id, error });
    return error === undefined;
  });
  return { fit, unfit };
}
