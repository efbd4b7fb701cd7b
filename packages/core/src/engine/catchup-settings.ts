import type { Dag } from "../authoring/definition.ts";
import {
  type CatchupState,
  catchupNamespace,
  holdingCatchup,
  type KeptCatchup,
  keptText,
  parseKept,
} from "../catchup/kept-catchup.ts";
import { type SourceNews, SourceWatch } from "../catchup/source-watch.ts";
import { coreError, isMillraceError } from "../errors.ts";
import type { EngineMetrics } from "../observe/metrics/engine-metrics.ts";
import type { Asks } from "../scheduler/asks.ts";
import type { DagBook } from "../scheduler/dag-book.ts";
import type { CatchupSet } from "../scheduler/requests.ts";
import type { PutState, Store } from "../store/contract.ts";
import type { Clock } from "../time/clock.ts";
import {
  type CatchupSetting,
  type CatchupSource,
  catchupText,
  isSameCatchup,
  parseCatchup,
} from "../timetable/catchup.ts";

/** What a person should know of a source of catchup settings. */
export interface CatchupNotice {
  /** Its name. */
  readonly source: string;
  /** One sentence. */
  readonly message: string;
}

interface Services {
  readonly store: Pick<Store, "state">;
  readonly clock: Clock;
  readonly dags: DagBook;
  readonly ask: Pick<Asks, "setCatchup" | "write">;
  readonly metrics: Pick<EngineMetrics, "catchupUnreadable">;
  readonly onNotice: (notice: CatchupNotice) => void;
}

/**
 * Catchup settings from outside of the code, for as long as an engine works: what people have set, and what sources say.
 * What holds is kept in the store with every change, in the transaction of its event; so a change is told once, and a source
 * that is broken when an engine starts does no harm.
 */
export class CatchupSettings {
  readonly #services: Services;
  readonly #kept = new Map<string, KeptCatchup>();
  /** What sources gave last, and for which version of the DAG: most of the time they give the same again. */
  readonly #taken = new Map<string, { readonly dag: Dag; readonly text: string | undefined }>();
  readonly #watches = new Map<CatchupSource, SourceWatch>();
  readonly #closing = new AbortController();
  /** What is read from sources counts; before, only what people set. */
  #isOn = false;
  #loaded: Promise<void> | undefined;
  #changes: Promise<unknown> = Promise.resolve();

  constructor(services: Services) {
    this.#services = services;
  }

  /** Reads every source once, and then again and again. Resolves when what they say holds, or 10 s have passed. */
  async start(): Promise<void> {
    if (this.#isOn) return;
    this.#isOn = true;
    await this.replaced(this.#services.dags.ids());
  }

  /** These DAGs are new, or have new versions: resolves when what is to hold for them holds. */
  async replaced(dagIds: readonly string[]): Promise<void> {
    if (!this.#isOn) return;
    await this.#load();
    const wanted = new Map<CatchupSource, string[]>();
    for (const dagId of dagIds) {
      const source = this.#dag(dagId)?.catchupSource;
      if (source) wanted.set(source, [...(wanted.get(source) ?? []), dagId]);
    }
    const { signal } = this.#closing;
    await Promise.all(
      [...wanted].map(async ([source, ofSource]) => this.#take(await this.#watch(source).read(ofSource, signal))),
    );
    await Promise.all(dagIds.map((dagId) => this.#settle(dagId)));
  }

  /**
   * A person sets what holds for a DAG, whatever its source and its code say; `null` ends that.
   *
   * @throws `CATCHUP_INVALID`, `DAG_NOT_FOUND`
   */
  async set(
    dagId: string,
    setting: CatchupSetting | null,
    { by, requestNo }: { readonly by: string; readonly requestNo: number | null },
  ): Promise<CatchupSet> {
    const dag = this.#dag(dagId);
    if (!dag) throw coreError("DAG_NOT_FOUND", { dagId });
    const set = setting === null ? null : parseCatchup(setting, dag.timezone);
    await this.#load();
    return this.#change(dag, { set }, by, requestNo);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#changes;
  }

  /** What the store keeps, once. */
  #load(): Promise<void> {
    this.#loaded ??= (async () => {
      for (const { key: dagId, value } of await this.#services.store.state.list(catchupNamespace)) {
        try {
          this.#kept.set(dagId, parseKept(value, dagId));
        } catch (error) {
          if (!isMillraceError(error)) throw error;
          this.#tell({ source: "the store", dagId, error });
        }
      }
    })().catch((error: unknown) => {
      this.#loaded = undefined;
      throw error;
    });
    return this.#loaded;
  }

  #watch(source: CatchupSource): SourceWatch {
    const known = this.#watches.get(source);
    if (known) return known;
    const watch = new SourceWatch(source, this.#services.clock, (news) => this.#tell(news));
    this.#watches.set(source, watch);
    const dagIds = (): readonly string[] => {
      const found = this.#services.dags.ids().filter((dagId) => this.#dag(dagId)?.catchupSource === source);
      // A DAG that comes later has it watched anew.
      if (found.length === 0) this.#watches.delete(source);
      return found;
    };
    // It rejects when the engine works no more.
    watch.keepReading(dagIds, (settings) => this.#take(settings), this.#closing.signal).catch(() => undefined);
    return watch;
  }

  /** What a source gave holds for its DAGs. */
  async #take(settings: ReadonlyMap<string, unknown>): Promise<void> {
    await Promise.all(
      [...settings].map(async ([dagId, setting]) => {
        const dag = this.#dag(dagId);
        const source = dag?.catchupSource?.name;
        if (!dag || source === undefined) return;
        const text = JSON.stringify(setting);
        const taken = this.#taken.get(dagId);
        if (taken?.dag === dag && taken.text === text) return;
        this.#taken.set(dagId, { dag, text });
        const catchup = setting === undefined ? dag.catchup : parseCatchup(setting, dag.timezone);
        await this.#change(dag, { read: { source, catchup } }, source);
      }),
    );
  }

  /** What is kept holds, where it is another setting than that of the code. */
  async #settle(dagId: string): Promise<void> {
    const dag = this.#dag(dagId);
    if (!dag || (!dag.catchupSource && !this.#kept.has(dagId))) return;
    await this.#change(dag, {}, "code");
  }

  /** Works one change after the other into what is kept; nothing is written where nothing changes. */
  #change(dag: Dag, part: Partial<KeptCatchup>, by: string, requestNo: number | null = null): Promise<CatchupSet> {
    const change = this.#changes.then(() => this.#carryOut(dag, part, by, requestNo));
    this.#changes = change.catch(() => undefined);
    return change;
  }

  async #carryOut(dag: Dag, part: Partial<KeptCatchup>, by: string, requestNo: number | null): Promise<CatchupSet> {
    const { ask, dags, clock } = this.#services;
    const { id: dagId, catchup: ofCode, catchupSource } = dag;
    const source = catchupSource?.name ?? null;
    const known = this.#kept.get(dagId);
    const live = dags.live(dagId);
    const before = known?.held ?? live?.catchup ?? ofCode;
    const told: KeptCatchup = { set: null, read: null, held: before, ...known, ...part };
    const { catchup, from } = holdingCatchup({ catchup: ofCode, source }, told);
    // Of a DAG whose code alone decides nothing is kept.
    const kept = told.set || catchupSource ? { ...told, held: catchup } : undefined;
    const change = changeOf(dagId, known, kept, clock.now());
    const holds = live?.catchupSet;
    const isHeld = from === "code" ? holds === undefined : holds !== undefined && isSameCatchup(holds, catchup);
    if (!change && isHeld && requestNo === null)
      return { dagId, old: catchupText(before), new: catchupText(catchup), from, source };
    const set = await ask.setCatchup(dagId, { catchup, before, from, source, by, change, requestNo });
    if (kept) this.#kept.set(dagId, kept);
    else this.#kept.delete(dagId);
    return set;
  }

  #dag(dagId: string): Dag | undefined {
    return this.#services.dags.version(dagId)?.dag;
  }

  /** What a person should know: an event, a number and a notice. */
  #tell({ source, dagId, error }: SourceNews): void {
    const { ask, clock, metrics, onNotice } = this.#services;
    const kind = error ? "dag.catchup_unreadable" : "dag.catchup_readable";
    const data = JSON.stringify({ source, code: error?.code, message: error?.message });
    const event = { at: clock.now(), kind, dagId, runNo: null, taskInstanceNo: null, attempt: null, data };
    // An engine that works no more tells nobody.
    ask.write({ kind: "appendEvent", event }).catch(() => undefined);
    if (!error) return;
    metrics.catchupUnreadable(source);
    onNotice({ source, message: `${error.message}. ${error.cure}` });
  }
}

function changeOf(
  dagId: string,
  known: KeptCatchup | undefined,
  kept: KeptCatchup | undefined,
  at: number,
): PutState | undefined {
  const [before, value] = [known, kept].map((row) => (row ? keptText(row) : null));
  return before === value ? undefined : { kind: "putState", namespace: catchupNamespace, key: dagId, value, at };
}

/**
 * What holds for a DAG at present by what the store keeps, and where it comes from.
 *
 * @param dag - as its file defines it now
 * @throws `CATCHUP_RECORD_INVALID`
 */
export async function readCatchup(
  store: Pick<Store, "state"> | undefined,
  dag: Pick<Dag, "id" | "catchup" | "catchupSource">,
): Promise<CatchupState> {
  const text = await store?.state.get(catchupNamespace, dag.id);
  const source = dag.catchupSource?.name ?? null;
  const kept = text === undefined ? undefined : parseKept(text, dag.id);
  const { catchup, from } = holdingCatchup({ catchup: dag.catchup, source }, kept);
  const isDefault = from === "source" && kept?.read?.source !== source;
  return { setting: catchupText(catchup), from, source, isDefault };
}
