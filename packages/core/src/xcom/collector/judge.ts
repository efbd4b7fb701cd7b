import { isRunFinished } from "../../lifecycle/states.ts";
import type { RunRow, Store, TaskInstanceRow } from "../../store/contract.ts";
import type { XComAddress, XComPlace, XComScope } from "../parts.ts";
import { leadOf } from "./placed-refs.ts";
import type { Collectable } from "./stored-streams.ts";

/** What the collector reads of a store. */
export type CollectorReads = {
  readonly dags: Pick<Store["dags"], "get">;
  readonly runs: Pick<Store["runs"], "find" | "get">;
  readonly tasks: Pick<Store["tasks"], "find" | "get">;
  readonly xcoms: Pick<Store["xcoms"], "get" | "ofTask">;
  readonly chunks: Pick<Store["chunks"], "streams">;
};

/**
 * Whether something that a place keeps is needed. `orphan`: nothing leads to it, and nothing will. `partial`: it was never
 * finished. `active`: its run has not ended, so an attempt may have put it that will be recorded later. `foreign`: of a DAG
 * that this store has never known. `unclear`: it or what might lead to it is of no readable shape.
 */
export type Verdict = "orphan" | "partial" | "young" | "active" | "referenced" | "foreign" | "unaddressed" | "unclear";

export interface Criteria {
  /** What was put after this instant stays, whatever it is. */
  readonly olderThan: number;
  readonly scope: XComScope;
}

interface Leads {
  readonly refs: ReadonlySet<string>;
  /** False if a row is damaged: it may lead anywhere. */
  readonly isClear: boolean;
}

/**
 * Judges what a place keeps by what the store holds now. What has been read is kept for as long as the judge is: take a new
 * one for each batch. A run is read before its rows, so that whatever an attempt recorded before its run ended is seen.
 */
export class Judge {
  readonly #store: CollectorReads;
  readonly #place: Pick<XComPlace, "marker" | "refOf">;
  readonly #criteria: Criteria;
  readonly #runs = new Map<string, RunRow | "foreign" | undefined>();
  readonly #tasks = new Map<string, TaskInstanceRow | undefined>();
  readonly #leads = new Map<number, Leads>();

  constructor(store: CollectorReads, place: Pick<XComPlace, "marker" | "refOf">, criteria: Criteria) {
    this.#store = store;
    this.#place = place;
    this.#criteria = criteria;
  }

  async judge({ ref, address, createdAt, isPartial, isLost }: Collectable): Promise<Verdict> {
    // Also what says no readable time: it compares false with everything.
    if (!(createdAt <= this.#criteria.olderThan)) return "young";
    if (isPartial) return "partial";
    if (isLost) return "orphan";
    if (!address) return "unaddressed";
    if (!isAddress(address)) return "unclear";
    const run = await this.#runOf(address);
    if (run === "foreign") return "foreign";
    if (!run) return "orphan";
    if (!isRunFinished(run.state)) return "active";
    const task = await this.#taskOf(run, address);
    return task ? this.#leadsTo(ref, task, address.key) : "orphan";
  }

  async #leadsTo(ref: string, { taskInstanceNo }: TaskInstanceRow, key: string): Promise<Verdict> {
    const { xcoms } = this.#store;
    const own = await xcoms.get({ taskInstanceNo, key });
    const first = own && leadOf(this.#place, own);
    if (first !== "unclear" && first?.ref === ref) return "referenced";
    const { refs, isClear } = await this.#leadsOf(taskInstanceNo);
    if (refs.has(ref)) return "referenced";
    return isClear ? "orphan" : "unclear";
  }

  /** Everything that the XComs of a task instance lead to. */
  async #leadsOf(taskInstanceNo: number): Promise<Leads> {
    const known = this.#leads.get(taskInstanceNo);
    if (known) return known;
    const found = (await this.#store.xcoms.ofTask(taskInstanceNo)).map((row) => leadOf(this.#place, row));
    const leads = {
      refs: new Set(found.flatMap((lead) => (lead === undefined || lead === "unclear" ? [] : [lead.ref]))),
      isClear: !found.includes("unclear"),
    };
    this.#leads.set(taskInstanceNo, leads);
    return leads;
  }

  async #runOf({ dagId, runId }: XComAddress): Promise<RunRow | "foreign" | undefined> {
    const name = JSON.stringify([dagId, runId]);
    if (!this.#runs.has(name)) {
      const run = await this.#store.runs.find(dagId, runId);
      // Another store may keep its bytes here, unless somebody names the DAG.
      const isForeign = !run && this.#criteria.scope.dagId !== dagId && !(await this.#store.dags.get(dagId));
      this.#runs.set(name, isForeign ? "foreign" : run);
    }
    return this.#runs.get(name);
  }

  async #taskOf({ runNo }: RunRow, { taskId, mapIndex }: XComAddress): Promise<TaskInstanceRow | undefined> {
    const name = JSON.stringify([runNo, taskId, mapIndex]);
    if (!this.#tasks.has(name)) this.#tasks.set(name, await this.#store.tasks.find({ runNo, taskId, mapIndex }));
    return this.#tasks.get(name);
  }
}

/** A place reads addresses from names that anybody may have given. */
function isAddress({ dagId, runId, taskId, mapIndex, key }: XComAddress): boolean {
  return [dagId, runId, taskId, key].every((id) => typeof id === "string") && Number.isSafeInteger(mapIndex);
}
