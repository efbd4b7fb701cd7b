import { type DurationInput, parseDuration } from "../time/duration.ts";
import { collectXComs, usualAge } from "../xcom/collector/collect.ts";
import { placesOf } from "../xcom/collector/placed-refs.ts";
import type { XComBackendPart } from "../xcom/parts.ts";
import type { EngineService } from "./service.ts";

export interface CollectorServiceOptions {
  /** The parts of the XCom backend, also those that only read: the places among them are looked at. */
  readonly parts: readonly XComBackendPart[];
  /** The pause between two collections. Default 1 h. */
  readonly every?: DurationInput;
  /** What was put later than this ago stays. Default 24 h. */
  readonly olderThan?: DurationInput;
}

/**
 * Removes what places of XComs keep and nothing leads to, when the engine starts and then every hour, as `collectXComs` does.
 * What goes wrong is reported as `service.failed`, once until it goes well again, and tried again with the next collection.
 *
 * @throws `DURATION_INVALID`
 * @example
 * ```ts no-run
 * import { collectorService, createEngine } from "@millrace/core/engine";
 * import type { XComPlace } from "@millrace/core/plugin";
 * declare const place: XComPlace;
 * const engine = await createEngine({ xcom: { backend: [place] }, services: [collectorService({ parts: [place] })] });
 * ```
 */
export function collectorService(options: CollectorServiceOptions): EngineService {
  const { parts, olderThan = usualAge } = options;
  const everyMs = parseDuration(options.every ?? "1h");
  parseDuration(olderThan);
  const places = placesOf(parts);
  let work: Promise<void> = Promise.resolve();
  return {
    name: "xcom collector",
    start({ store, clock, signal, report }) {
      if (places.length === 0) return;
      const told = new Set<string>();
      const collect = async (): Promise<void> => {
        for (const { place, error } of await collectXComs({ store, places, clock, olderThan, signal })) {
          if (error && !told.has(place)) report(error);
          if (error) told.add(place);
          else told.delete(place);
        }
      };
      work = (async () => {
        while (!signal.aborted) {
          await collect().catch((error: unknown) => {
            if (!signal.aborted) report(error);
          });
          await clock.sleep(everyMs, signal);
        }
      })();
    },
    stop: () => work,
  };
}
