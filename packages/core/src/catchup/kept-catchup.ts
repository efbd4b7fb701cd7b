import { coreError } from "../errors.ts";
import {
  type Catchup,
  type CatchupOrigin,
  type CatchupSetting,
  catchupText,
  parseCatchup,
} from "../timetable/catchup.ts";

/** Where the store keeps what is known of catchup settings from outside of the code: one small text for each DAG that has some. */
export const catchupNamespace = "catchup";

/** What the store keeps of a DAG's catchup settings. */
export interface KeptCatchup {
  /** By a person: goes before everything else. */
  readonly set: Catchup | null;
  /** What a source gave last. */
  readonly read: { readonly source: string; readonly catchup: Catchup } | null;
  /** What held when that was recorded last. */
  readonly held: Catchup;
}

export function keptText({ set, read, held }: KeptCatchup): string {
  return JSON.stringify({
    v: 1,
    set: set && catchupText(set),
    read: read && { source: read.source, setting: catchupText(read.catchup) },
    held: catchupText(held),
  });
}

/** @throws `CATCHUP_RECORD_INVALID` */
export function parseKept(text: string, dagId: string): KeptCatchup {
  try {
    const { v, set, read, held } = JSON.parse(text) as {
      readonly v: unknown;
      readonly set: unknown;
      readonly read: { readonly source: unknown; readonly setting: unknown } | null;
      readonly held: unknown;
    };
    if (v !== 1 || (read !== null && typeof read.source !== "string")) throw new Error("it is of another kind");
    return {
      set: set === null ? null : parseCatchup(set, "UTC"),
      read: read && { source: read.source as string, catchup: parseCatchup(read.setting, "UTC") },
      held: parseCatchup(held, "UTC"),
    };
  } catch (error) {
    const sizeBytes = Buffer.byteLength(text);
    throw coreError("CATCHUP_RECORD_INVALID", { dagId, sizeBytes }, { cause: error });
  }
}

/** What holds for a DAG, as people are told it. */
export interface CatchupState {
  readonly setting: CatchupSetting;
  readonly from: CatchupOrigin;
  /** Name of the source that the DAG has, whether or not it decides. */
  readonly source: string | null;
  /** It is the source's default: no engine could read it so far. */
  readonly isDefault: boolean;
}

/** What somebody set goes before what the source gave last, and that before the code, which has the source's default. */
export function holdingCatchup(
  code: { readonly catchup: Catchup; readonly source: string | null },
  kept: KeptCatchup | undefined,
): { readonly catchup: Catchup; readonly from: CatchupOrigin } {
  if (kept?.set) return { catchup: kept.set, from: "store" };
  if (code.source === null) return { catchup: code.catchup, from: "code" };
  return { catchup: kept?.read?.source === code.source ? kept.read.catchup : code.catchup, from: "source" };
}
