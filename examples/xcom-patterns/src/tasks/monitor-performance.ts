import type { Clock, TaskContext } from "@millrace/core";
import type { PerformanceStats } from "../xcom/pipeline-records.ts";

const sampleEveryMs = 20;

/**
 * Wraps a task: how long it took and what memory the process had before, after and at most goes to the log and to the
 * XCom `performance_stats`. A task that fails is logged too.
 */
export function monitored<P, T>(
  clock: Clock,
  run: (context: TaskContext<P, undefined>) => Promise<T>,
): (context: TaskContext<P, undefined>) => Promise<T> {
  return async (context) => {
    const started = clock.now();
    const before = residentMb();
    let peak = before;
    const sampling = setInterval(() => {
      peak = Math.max(peak, residentMb());
    }, sampleEveryMs);
    sampling.unref();
    const stats = (): PerformanceStats => {
      const after = residentMb();
      return {
        execution_time_seconds: (clock.now() - started) / 1_000,
        memory_before_mb: before,
        memory_after_mb: after,
        memory_usage_mb: round(after - before),
        peak_memory_mb: Math.max(peak, after),
      };
    };
    try {
      const result = await run(context);
      const measured = stats();
      context.log.info("performance", { ...measured });
      await context.xcom.push("performance_stats", measured);
      return result;
    } catch (error) {
      context.log.error("performance until the failure", { ...stats() });
      throw error;
    } finally {
      clearInterval(sampling);
    }
  };
}

function residentMb(): number {
  return round(process.memoryUsage.rss() / 1024 / 1024);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
