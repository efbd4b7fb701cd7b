import { describe, test } from "vitest";
import { dagCases } from "./dag-cases.ts";
import { groupCases } from "./group-cases.ts";
import { modelCases } from "./model-cases.ts";
import { openingCases } from "./opening-cases.ts";
import { recordCases } from "./record-cases.ts";
import { runCases } from "./run-cases.ts";
import { type MakeStore, runCase, type StoreCase } from "./store-case.ts";
import { taskCases } from "./task-cases.ts";
import { xcomCases } from "./xcom-cases.ts";

/** Every promise of the contract, in the order in which a new store best earns them. */
export const storeCases: Readonly<Record<string, readonly StoreCase[]>> = {
  opening: openingCases,
  groups: groupCases,
  dags: dagCases,
  runs: runCases,
  "task instances": taskCases,
  xcoms: xcomCases,
  "logs, events, state and the rest": recordCases,
  "held against the in-memory store": modelCases,
};

/** Long enough for a slow disk. */
const timeout = 60_000;

/**
 * The conformance suite of metadata stores: a store that passes behaves as the engine expects. Call it in a vitest file.
 *
 * @param name Shown in the test report.
 * @param makeStore Makes an empty place for rows; called once for each test.
 *
 * @example
 * ```ts no-run
 * import { memoryDatabase, memoryStore } from "@millrace/core/plugin";
 * import { storeSuite } from "@millrace/testing";
 *
 * storeSuite("memory", () => {
 *   const database = memoryDatabase();
 *   return { connect: () => memoryStore({ database }) };
 * });
 * ```
 */
export function storeSuite(name: string, makeStore: MakeStore): void {
  describe(`store conformance: ${name}`, () => {
    for (const [subject, cases] of Object.entries(storeCases)) {
      describe(subject, () => {
        for (const storeCase of cases) test(storeCase.name, { timeout }, () => runCase(storeCase, makeStore));
      });
    }
  });
}
