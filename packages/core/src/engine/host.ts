import { maskSecrets } from "../masking/masker.ts";
import type { Change } from "../store/contract.ts";
import { backfillRuns } from "./backfill-runs.ts";
import type { Engine } from "./engine.ts";
import type { EngineParts } from "./engine-parts.ts";
import type { ServiceHost } from "./service.ts";

/** What every service of an engine is given. */
export function hostOf(engine: Engine, parts: EngineParts): Omit<ServiceHost, "signal" | "report" | "metrics"> {
  const { clock, store, dags, scheduler, handlers } = parts;
  return {
    engine,
    clock,
    store,
    dag: (dagId) => dags.version(dagId)?.dag,
    backfills: backfillRuns(store, { dags, scheduler }),
    write: (change: Change) => scheduler.ask.write(change),
    mask: maskSecrets,
    answer: (operation, handler) => handlers.add(operation, handler),
    whenEnded: (runNo) => scheduler.whenEnded(runNo),
  };
}
