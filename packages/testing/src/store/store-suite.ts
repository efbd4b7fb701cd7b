import { describe, test } from "vitest";
import { backfillCases } from "./backfill-cases.ts";
import { backfillRunCases } from "./backfill-run-cases.ts";
import { costCases } from "./cost-cases.ts";
import { dagCases } from "./dag-cases.ts";
import { groupCases } from "./group-cases.ts";
import { modelCases } from "./model-cases.ts";
import { openingCases } from "./opening-cases.ts";
import { recordCases } from "./record-cases.ts";
import { removalCases } from "./removal-cases.ts";
import { reopenCases } from "./reopen-cases.ts";
import { reprocessCases } from "./reprocess-cases.ts";
import { requestCases } from "./request-cases.ts";
import { retentionCases } from "./retention-cases.ts";
import { rewriteCases } from "./rewrite-cases.ts";
import { runCases } from "./run-cases.ts";
import { scheduleCases } from "./schedule-cases.ts";
import { type MakeStore, runCase, type StoreCase } from "./store-case.ts";
import { taskCases } from "./task-cases.ts";
import { undoCases } from "./undo-cases.ts";
import { xcomCases } from "./xcom-cases.ts";

/** Every promise of the contract that is tried by hand, in the order in which a new store best earns them. */
export const storeCases: Readonly<Record<string, readonly StoreCase[]>> = {
  opening: openingCases,
  groups: groupCases,
  dags: dagCases,
  runs: runCases,
  "runs that are reopened": reopenCases,
  "schedules and dates": scheduleCases,
  "task instances": taskCases,
  xcoms: xcomCases,
  "what is undone": undoCases,
  "what attempts read and cost": costCases,
  "logs, events, state and the rest": recordCases,
  requests: requestCases,
  "walking and writing anew": rewriteCases,
  backfills: backfillCases,
  "runs of backfills": backfillRunCases,
  "runs that run again": reprocessCases,
  "what is too old": retentionCases,
  "what is removed": removalCases,
};

export interface StoreSuiteOptions {
  /** How many random sequences of changes are held against the in-memory store. Default 60. */
  readonly sequences?: number;
}

/**
 * The conformance suite of metadata stores: a store that passes behaves as the engine expects. Call it in a vitest file.
 *
 * @param name - shown in the test report
 * @param makeStore - makes an empty place for rows; called for each test and each random sequence
 *
 * @example
 * ```ts no-run
 * import { memoryDatabase, memoryStore } from "@millrace/core/plugin";
 * import { storeSuite } from "@millrace/testing/suites";
 *
 * storeSuite("memory", () => {
 *   const database = memoryDatabase();
 *   return { connect: () => memoryStore({ database }) };
 * });
 * ```
 */
export function storeSuite(name: string, makeStore: MakeStore, options: StoreSuiteOptions = {}): void {
  const { sequences = 60 } = options;
  const subjects = { ...storeCases, "held against the in-memory store": modelCases(sequences) };
  // Long enough for a slow disk, and for making a sequence that fails shorter.
  const timeout = 60_000 + sequences * 1_000;
  describe(`store conformance: ${name}`, () => {
    for (const [subject, cases] of Object.entries(subjects)) {
      describe(subject, () => {
        for (const storeCase of cases) test(storeCase.name, { timeout }, () => runCase(storeCase, makeStore));
      });
    }
  });
}
