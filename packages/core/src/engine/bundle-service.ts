import { collectBundles } from "../config/bundles/collect-bundles.ts";
import type { Store } from "../store/contract.ts";
import type { EngineService } from "./service.ts";

const dayMs = 86_400_000;
/** Runs whose code is kept although they have ended: they may be cleared and go on. */
const latestRuns = 10_000;

export interface BundleServiceOptions {
  /** The folder for what Millrace keeps: bundles are in it. */
  readonly home: string;
}

/**
 * Removes the bundles that nobody needs, when the engine starts and then once a day: no DAG file that is there, no run
 * that has not ended, and none of the latest 10,000 runs. Bundles that are younger than a day stay.
 *
 * @example
 * ```ts no-run
 * import { bundleService, createEngine } from "@millrace/core/engine";
 * const engine = await createEngine({ home: ".millrace", services: [bundleService({ home: ".millrace" })] });
 * ```
 */
export function bundleService({ home }: BundleServiceOptions): EngineService {
  let work: Promise<void> = Promise.resolve();
  return {
    name: "bundles",
    start({ store, clock, signal, report }) {
      work = (async () => {
        while (!signal.aborted) {
          try {
            collectBundles({ home, keep: await neededBundles(store), clock });
          } catch (error) {
            report(error);
          }
          await clock.sleep(dayMs, signal);
        }
      })();
    },
    stop: () => work,
  };
}

async function neededBundles(store: Pick<Store, "dags" | "runs">): Promise<ReadonlySet<string>> {
  const runs = [...(await store.runs.active()), ...(await store.runs.list({ limit: latestRuns }))];
  const needed = new Set<string>();
  for (const versionNo of new Set(runs.map((run) => run.versionNo))) {
    const bundle = (await store.dags.version(versionNo))?.bundle;
    if (bundle) needed.add(bundle);
  }
  return needed;
}
