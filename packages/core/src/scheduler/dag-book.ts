import type { Dag } from "../authoring/definition.ts";
import { coreError, isMillraceError, type MillraceError, messageOf } from "../errors.ts";
import { compileGraph } from "../graph/compile.ts";
import { fingerprintOf, snapshotOf } from "../graph/snapshot.ts";
import type { Outcome, RegisterDag, RunRow, Store } from "../store/contract.ts";
import { parseInstant } from "../time/instant.ts";
import { LiveDag } from "./live-dag.ts";
import { LiveVersion } from "./live-version.ts";

/** Where the code of DAGs comes from and goes by: content-addressed bundles. */
export interface CodeSource {
  /** The bundle that a DAG was loaded from; `undefined` for one that a host program defined. */
  bundleOf(dag: Dag): string | undefined;
  /** The DAG of this id as the bundle defines it. Rejects when the bundle is gone or damaged. */
  load(bundle: string, dagId: string): Promise<Dag>;
}

/** The DAGs that the engine knows, and those versions of them that a run has or can get. */
export class DagBook {
  readonly #store: Store;
  readonly #code: CodeSource;
  readonly #live = new Map<string, LiveDag>();
  readonly #versions = new Map<number, LiveVersion>();

  constructor(store: Store, code: CodeSource) {
    this.#store = store;
    this.#code = code;
  }

  /** The DAG, if a run may be made of it. */
  version(dagId: string): LiveVersion | undefined {
    return this.#live.get(dagId)?.current;
  }

  /** What runs of the DAG share, those too whose DAG is there no more. */
  live(dagId: string): LiveDag | undefined {
    return this.#live.get(dagId);
  }

  /** A version that is in memory. */
  known(versionNo: number): LiveVersion | undefined {
    return this.#versions.get(versionNo);
  }

  /** Ids of the DAGs that runs can be made of. */
  ids(): readonly string[] {
    return [...this.#live.values()].flatMap(({ dagId, current }) => (current ? [dagId] : []));
  }

  /** The change that makes the DAG known to the store. */
  registration(dag: Dag, at: number): RegisterDag {
    const snapshot = JSON.stringify(snapshotOf(dag));
    const bundle = this.#code.bundleOf(dag) ?? null;
    const { startDate } = dag;
    // Only what counts back from a registration is still text.
    const startDateIsRelative = typeof startDate === "string";
    return {
      kind: "registerDag",
      dagId: dag.id,
      fingerprint: fingerprintOf(bundle === null ? snapshot : `${snapshot}\n${bundle}`),
      snapshot,
      bundle,
      taskIds: dag.tasks.map(({ id }) => id),
      paused: dag.paused,
      startDate: startDateIsRelative ? parseInstant(startDate, dag.timezone, at) : (startDate ?? null),
      startDateIsRelative,
      at,
    };
  }

  /** The store has answered the {@link registration}: new runs get this version. */
  registered(dag: Dag, outcome: Outcome): LiveDag {
    if (outcome.status !== "registered")
      throw coreError("STORE_FAILED", { why: `it answered '${outcome.status}' to a DAG` });
    const { dagNo, versionNo, paused } = outcome;
    const live = this.#live.get(dag.id) ?? new LiveDag({ dagId: dag.id, dagNo, isPaused: paused });
    this.#live.set(dag.id, live);
    // A version that is there already keeps its code: runs of it go on with what they began with.
    const known = this.#versions.get(versionNo);
    const isSame = known && (known.dag === dag || this.#code.bundleOf(dag) !== undefined);
    live.become(isSame ? known : this.#add(live, dag, versionNo));
    return live;
  }

  /** Runs are there no more that some DAG may take for its newest success. */
  runsAreGone(): void {
    for (const { newestSuccess } of this.#live.values()) newestSuccess.forget();
  }

  /** No new run is made of this DAG. Those that there are go on. */
  remove(dagId: string): void {
    const live = this.#live.get(dagId);
    if (live) live.current = undefined;
  }

  /**
   * The version that a run was made with: from memory, or loaded from its bundle.
   *
   * @throws `DAG_VERSION_GONE`
   */
  async versionOf(row: RunRow): Promise<LiveVersion> {
    const known = this.#versions.get(row.versionNo);
    if (known) return known;
    const { dagId, runId } = row;
    const gone = (why: string, cause?: unknown): MillraceError =>
      coreError("DAG_VERSION_GONE", { runId, dagId, why }, cause === undefined ? {} : { cause });
    const stored = await this.#store.dags.version(row.versionNo);
    if (!stored) throw coreError("STORE_FAILED", { why: `version number ${row.versionNo} of '${dagId}' is gone` });
    if (stored.bundle === null) throw gone("the program that defined the DAG has changed it");
    let dag: Dag;
    try {
      dag = await this.#code.load(stored.bundle, dagId);
    } catch (error) {
      throw gone(isMillraceError(error) ? `${error.code}: ${error.message}` : messageOf(error), error);
    }
    const live = this.#live.get(dagId) ?? (await this.#unlisted(dagId, row.dagNo));
    this.#live.set(dagId, live);
    return this.#versions.get(row.versionNo) ?? this.#add(live, dag, row.versionNo);
  }

  async #unlisted(dagId: string, dagNo: number): Promise<LiveDag> {
    const row = await this.#store.dags.get(dagId);
    return this.#live.get(dagId) ?? new LiveDag({ dagId, dagNo, isPaused: row?.paused ?? false });
  }

  #add(live: LiveDag, dag: Dag, versionNo: number): LiveVersion {
    const version = new LiveVersion(live, compileGraph(dag), versionNo);
    this.#versions.set(versionNo, version);
    live.knows(version);
    return version;
  }
}
