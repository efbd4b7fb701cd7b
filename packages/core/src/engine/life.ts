import { coreError, messageOf } from "../errors.ts";
import { servicesMeasure } from "../observe/metrics/task-metric-sink.ts";
import { taskMetrics } from "../runtime/task-metrics.ts";
import type { Engine } from "./engine.ts";
import type { EngineParts, EngineStart, StartOptions } from "./engine-parts.ts";
import { hostOf } from "./host.ts";

/** How long a closing engine waits for places to remove what XComs have kept there. */
const purgeGraceMs = 10_000;

/**
 * Goes on with the runs of former engines, starts the services, then the schedules.
 *
 * @param answerEarly - answers what was asked of services before they had started
 */
export async function beginWork(
  engine: Engine,
  parts: EngineParts,
  { adopt = true, schedule = adopt, answerEarly }: StartOptions & { readonly answerEarly: () => Promise<void> },
): Promise<EngineStart> {
  await parts.parts.open();
  const { store, scheduler, services, catchup, metrics } = parts;
  const active = adopt ? await store.runs.active() : [];
  const refused = await scheduler.ask.adopt(active);
  await services.start(hostOf(engine, parts), {
    report: (name, error) => reportFailure(parts, name, error),
    metricsOf: (name) => taskMetrics((sample) => metrics.recordOfService(name, sample), servicesMeasure.labels),
  });
  await answerEarly();
  if (schedule) {
    await catchup.start();
    await scheduler.ask.schedule();
  }
  return { adopted: active.length - refused.length, refused };
}

/** Stops the services, aborts what runs and hands it back, writes what is known, closes the store. */
export async function endWork(parts: EngineParts): Promise<void> {
  await parts.services.stop((name, error) => reportFailure(parts, name, error));
  await parts.purger.close(purgeGraceMs);
  await parts.catchup.close();
  await parts.scheduler.stop(coreError("ENGINE_CLOSED"));
  parts.observers.close();
  parts.metrics.close();
  await parts.monitor.close();
  await parts.parts.close();
  await parts.secrets.close();
  await parts.store.close();
}

/** Something went wrong with a service: an event says so. */
function reportFailure({ scheduler, clock }: EngineParts, name: string, error: unknown): void {
  const data = JSON.stringify({ service: name, message: messageOf(error) });
  const event = { at: clock.now(), kind: "service.failed", dagId: null, runNo: null, taskInstanceNo: null };
  scheduler.ask.write({ kind: "appendEvent", event: { ...event, attempt: null, data } }).catch(() => undefined);
}
