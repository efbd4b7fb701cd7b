import type { MarkedState, TaskSelection } from "../../scheduler/operations/operation.ts";
import type { XComRef } from "../../store/contract.ts";
import type { CatchupSetting } from "../../timetable/catchup.ts";

interface OfRun {
  readonly dagId: string;
  readonly runId: string;
}

/** What another process can ask of a running engine. Plain JSON. */
export type EngineRequest =
  | {
      readonly operation: "trigger";
      readonly dagId: string;
      readonly params?: unknown;
      readonly conf?: Readonly<Record<string, unknown>>;
      /** An instant with offset or zone, or a date. */
      readonly logicalDate?: string;
      readonly runId?: string;
      readonly idempotencyKey?: string;
    }
  | ({ readonly operation: "cancel"; readonly reason?: string } & OfRun)
  | ({ readonly operation: "retry"; readonly dryRun?: boolean } & OfRun)
  | ({ readonly operation: "clear"; readonly selection: TaskSelection; readonly dryRun?: boolean } & OfRun)
  | ({
      readonly operation: "mark";
      readonly state: MarkedState;
      readonly selection: TaskSelection;
      readonly dryRun?: boolean;
    } & OfRun)
  | ({
      readonly operation: "clearXComs";
      readonly task?: string;
      readonly mapIndex?: number;
      readonly keys?: readonly string[];
      readonly dryRun?: boolean;
    } & OfRun)
  | {
      readonly operation: "renewXComs";
      readonly after?: XComRef;
      readonly limit?: number;
      readonly dryRun?: boolean;
    }
  | { readonly operation: "pause" | "unpause"; readonly dagId: string }
  /** `null`: as its source or its code has it. */
  | { readonly operation: "setCatchup"; readonly dagId: string; readonly setting: CatchupSetting | null }
  | { readonly operation: "setPool"; readonly pool: string; readonly slots: number }
  | { readonly operation: "signal"; readonly event: string };
