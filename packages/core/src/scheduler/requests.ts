import type { RunState, RunType } from "../lifecycle/states.ts";
import type { BackfillPlace } from "../store/contract.ts";
import type { CatchupOrigin, CatchupSetting } from "../timetable/catchup.ts";
import type { LiveVersion } from "./live-version.ts";

/** A run that somebody wants. Params were checked against the DAG's schema. */
export interface RunRequest {
  readonly version: LiveVersion;
  readonly runId: string;
  readonly type: RunType;
  readonly logicalDate: number;
  readonly intervalStart: number;
  readonly intervalEnd: number;
  readonly params: unknown;
  readonly conf: Readonly<Record<string, unknown>>;
  /** The same as the text that is stored; `null` for none. */
  readonly paramsText: string | null;
  readonly confText: string | null;
  readonly idempotencyKey: string | null;
  /** The item of a backfill that it is made for. */
  readonly backfill: BackfillPlace | null;
}

/** The run that a request made or found. */
export interface RunAnswer {
  readonly runNo: number;
  readonly runId: string;
  readonly state: RunState;
  /** False when the idempotency key named a run that was there already. */
  readonly isNew: boolean;
}

/** What a catchup setting came to: what held before, what holds now, and where that comes from. */
export interface CatchupSet {
  readonly dagId: string;
  readonly old: CatchupSetting;
  readonly new: CatchupSetting;
  readonly from: CatchupOrigin;
  /** Name of the source that the DAG has, whether or not it decides. */
  readonly source: string | null;
}
