import { cron, type Dag, dag } from "@millrace/core";
import { type DagTiming, minutes, scheduleOf } from "./dag-timing.ts";
import { shortInstant, windowOf } from "./data-window.ts";
import { tellPeople } from "./people/tell-people.ts";
import { describeRecovery, joinRecovery, leaveRecovery, type RecoveryStep } from "./recovery/recovery-progress.ts";
import { span } from "./report/number-format.ts";
import { askGateway } from "./source-system/ask-gateway.ts";
import type { EventKind } from "./source-system/gateway-events.ts";
import { readEvents, readTotals } from "./source-system/read-events.ts";
import { eventTotals, loadEvents } from "./target/load-events.ts";
import { noteLoad } from "./target/load-log.ts";
import { transferOf, type World, withTarget } from "./world.ts";

/** The pool that spares the gateway: so many of its users work at once. */
export const gatewayPool = { name: "gateway", slots: 2 } as const;

/**
 * Takes the gateway's events in, six hours at a time, and works off what an outage has left: payments of the whole backlog
 * before visits, by their priority in the pool that both share.
 */
export function systemRecoveryProcessing(world: World, timing: DagTiming = {}): Dag {
  return dag(
    "system_recovery_processing",
    {
      description: "Takes in the gateway's events and recovers from outages, payments first",
      schedule: cron("0 */6 * * *"),
      startDate: "-3d",
      catchup: true,
      maxActiveRuns: 4,
      ...scheduleOf(timing),
      runState: "any_failed",
      notify: "people",
      defaults: {
        // About eight hours of patience: 5, 10, 20, 40 and then 60 minutes, each spread so that runs do not come all at once.
        retries: { max: 10, delay: minutes(5, timing), backoff: "exponential", maxDelay: minutes(60, timing) },
        executionTimeout: "10m",
      },
      tags: ["recovery", "catchup"],
    },
    (d) => {
      const health = d.task("check_system_health", async ({ dagState, log, run, signal, interval }) => {
        const window = windowOf(interval);
        // What a backfill makes up for was asked for: nobody is recovering from that.
        const recovery = run.type === "scheduled" ? await joinRecovery(dagState, window, world.clock.now()) : undefined;
        if (recovery) log.info(`recovering: ${describeRecovery(recovery)}`, { interval: shortInstant(window.start) });
        await askGateway(world, "/health", {}, signal);
        return { isRecovering: recovery !== undefined };
      });

      const takeIn = (id: string, kind: EventKind, priority: number) =>
        d
          .task(id, { priority, weightRule: "absolute", pool: gatewayPool.name }, async (context) => {
            const interval = windowOf(context.interval);
            const seenAt = world.clock.now();
            const events = await readEvents(world, kind, interval, context.signal);
            await transferOf(world, events.length, context.signal);
            const outcome = withTarget(world, (target) => {
              const done = loadEvents(target, kind, interval, events);
              noteLoad(target, {
                dagId: context.dag.id,
                runId: context.run.id,
                interval,
                seenAt,
                outcome: done,
                rows: done === "unchanged" ? 0 : events.length,
                detail: kind,
              });
              return done;
            });
            context.log.info(`${kind}s ${outcome}`, { events: events.length });
            return { outcome, events: events.length };
          })
          .after(health);
      const critical = takeIn("process_critical_data", "payment", 100);
      const nonCritical = takeIn("process_non_critical_data", "visit", 1);

      const validate = d
        .task("validate_data_integrity", async (context) => {
          const interval = windowOf(context.interval);
          const expected = await readTotals(world, interval, context.signal);
          const found = withTarget(world, (target) => eventTotals(target, interval));
          if (JSON.stringify(found) !== JSON.stringify(expected))
            throw new Error(
              `the target holds ${found.payment.count} payments and ${found.visit.count} visits, the gateway has ${expected.payment.count} and ${expected.visit.count}`,
            );
          return found;
        })
        .after(critical, nonCritical);

      d.task(
        "send_recovery_notification",
        { input: validate, triggerRule: "all_done", retries: 0 },
        async ({ input, dagState, log, run, signal, interval }) => {
          const window = windowOf(interval);
          const step =
            run.type === "scheduled" ? await leaveRecovery(dagState, window, input === undefined) : undefined;
          if (!step) return "nothing to recover";
          const line = describeRecovery(step.recovery);
          log.info(`recovery: ${line}`, { interval: shortInstant(window.start) });
          const text = messageOf(step, world.clock.now());
          if (text) await tellPeople(world, `system_recovery_processing: ${text}`, log, signal);
          return line;
        },
      );
    },
  );
}

function messageOf({ recovery, isOver, quarter }: RecoveryStep, now: number): string | undefined {
  if (isOver)
    return `recovered. ${describeRecovery(recovery)}, from ${shortInstant(recovery.from)} on, in ${span(now - recovery.beganAt)}`;
  return quarter === undefined ? undefined : `recovering, ${describeRecovery(recovery)}`;
}
