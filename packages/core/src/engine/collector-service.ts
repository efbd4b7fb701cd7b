import { type DurationInput, parseDuration } from "../time/duration.ts";
import { usualAge } from "../xcom/collector/collect.ts";
import type { EngineService } from "./service.ts";

export interface CollectorServiceOptions {
  /** The pause between two collections. Default 1 h. */
  readonly every?: DurationInput;
  /** What was put later than this ago stays. Default 24 h. */
  readonly olderThan?: DurationInput;
}

/**
 * Removes what the places of the engine's XCom backend keep and nothing leads to, when it starts and then every hour, as
 * `engine.collectXComs` does. What goes wrong is reported as `service.failed`, once until it goes well again, and tried again with the next collection.
 *
 * @throws `DURATION_INVALID`
 * @example
 * ```ts no-run
 * import { collectorService, createEngine } from "@millrace/core/engine";
 * import type { XComPlace } from "@millrace/core/plugin";
 * declare const place: XComPlace;
 * const engine = await createEngine({ xcom: { backend: [place] }, services: [collectorService()] });
 * ```
 */
export function collectorService(options: CollectorServiceOptions = {}): EngineService {
  const { olderThan = usualAge } = options;
  const everyMs = parseDuration(options.every ?? "1h");
  parseDuration(olderThan);
  let work: Promise<void> = Promise.resolve();
  return {
    name: "xcom collector",
    start({ engine, clock, signal, report }) {
      const told = new Set<string>();
      const collect = async (): Promise<void> => {
        for (const { place, error } of await engine.collectXComs({ olderThan, signal })) {
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
