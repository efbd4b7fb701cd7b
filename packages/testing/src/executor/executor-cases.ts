import type { Executor, ExecutorHost } from "@millrace/core/engine";
import { expect } from "vitest";
import type { ConformanceCase } from "../conformance/conformance-case.ts";
import type { Job, JobOutcome } from "../doubles/recording-executor.ts";
import { harvestJobs, nextTurn, outcomeOf } from "./jobs.ts";

/** What the suite is given for each of its tests. */
export interface ExecutorUnderTest {
  /** An executor that has not been started. */
  open(options: { readonly concurrency: number }): Executor;
  /** Called when the test is over. */
  cleanup?(): void | Promise<void>;
}

/** An executor with a host that has each attempt end when the case says so. */
async function opened({ open }: ExecutorUnderTest, concurrency: number) {
  const jobs = await harvestJobs(concurrency + 2);
  const performed: number[] = [];
  const told: { readonly token: number; readonly outcome: JobOutcome; readonly freeSlots: number }[] = [];
  const ends = new Map<number, (outcome: JobOutcome) => void>();
  const atOnce = new Map<number, JobOutcome>();
  const executor = open({ concurrency });
  const host: ExecutorHost = {
    perform(job) {
      performed.push(job.token);
      return atOnce.get(job.token) ?? new Promise((resolve) => ends.set(job.token, resolve));
    },
    finished: (token, outcome) => told.push({ token, outcome, freeSlots: executor.freeSlots() }),
  };
  executor.start(host);
  const submit = async (...some: readonly Job[]): Promise<void> => {
    for (const job of some) executor.submit(job);
    await nextTurn();
  };
  const end = async (job: Job, outcome: JobOutcome): Promise<void> => {
    ends.get(job.token)?.(outcome);
    await nextTurn();
  };
  return { executor, jobs, performed, told, atOnce, submit, end };
}

export const executorCases: readonly ConformanceCase<ExecutorUnderTest>[] = [
  {
    name: "makes each attempt once and tells its outcome once, under its token, as it is",
    async run(subject) {
      const { executor, jobs, performed, told, submit, end } = await opened(subject, 2);
      const [first, second] = jobs as [Job, Job];
      await submit(first, second);
      expect(performed).toEqual([first.token, second.token]);
      expect(told).toEqual([]);
      const outcome = outcomeOf("success");
      await end(first, outcome);
      expect(told).toHaveLength(1);
      expect(told[0]?.token).toBe(first.token);
      expect(told[0]?.outcome).toEqual(outcome);
      await end(second, outcomeOf("failed", { thrown: new Error("broken"), isFinal: true }));
      expect(told.map(({ token, outcome }) => [token, outcome.state, outcome.isFinal])).toEqual([
        [first.token, "success", false],
        [second.token, "failed", true],
      ]);
      await executor.stop();
    },
  },
  {
    name: "passes on every kind of outcome with all that it carries",
    async run(subject) {
      const { executor, jobs, told, submit, end } = await opened(subject, 5);
      const xcoms = [{ key: "return_value", format: "json", stored: "1", sizeBytes: 1 }] as const;
      const outcomes = [
        outcomeOf("success", { xcoms }),
        outcomeOf("failed", { thrown: new Error("e"), error: { name: "Error", message: "e" } }),
        outcomeOf("skipped", { error: { name: "Skipped", message: "why" } }),
        outcomeOf("up_for_reschedule", { wakeAt: 1_000 }),
        outcomeOf("waiting", { awaits: "approved" }),
      ];
      for (const [place, outcome] of outcomes.entries()) {
        await submit(jobs[place] as Job);
        await end(jobs[place] as Job, outcome);
      }
      expect(told.map(({ outcome }) => outcome)).toEqual(outcomes);
      await executor.stop();
    },
  },
  {
    name: "takes attempts that are over at once",
    async run(subject) {
      const { executor, jobs, told, atOnce, submit } = await opened(subject, 1);
      for (const job of jobs.slice(0, 3)) {
        atOnce.set(job.token, outcomeOf("success"));
        await submit(job);
      }
      expect(told.map(({ token }) => token)).toEqual(jobs.slice(0, 3).map(({ token }) => token));
      expect(executor.freeSlots()).toBe(1);
      await executor.stop();
    },
  },
  {
    name: "has as many free slots as attempts may be made beside those under way, and makes that many at once",
    async run(subject) {
      const { executor, jobs, performed, told, submit, end } = await opened(subject, 3);
      const [first, second, third] = jobs as [Job, Job, Job];
      expect(executor.freeSlots()).toBe(3);
      await submit(first, second);
      expect(executor.freeSlots()).toBe(1);
      await submit(third);
      expect([executor.freeSlots(), performed.length]).toEqual([0, 3]);
      await end(second, outcomeOf("success"));
      expect(executor.freeSlots()).toBe(1);
      await end(third, outcomeOf("failed"));
      await end(first, outcomeOf("waiting", { awaits: "x" }));
      expect([executor.freeSlots(), told.map(({ token }) => token)]).toEqual([
        3,
        [second.token, third.token, first.token],
      ]);
      // The engine asks when it is told: the slot of the attempt that ended is free by then.
      expect(told.map(({ freeSlots }) => freeSlots)).toEqual([1, 2, 3]);
      await executor.stop();
    },
  },
  {
    name: "cancelling frees the slot at once and aborts the signal of that attempt alone, with the reason",
    async run(subject) {
      const { executor, jobs, submit } = await opened(subject, 2);
      const [first, second] = jobs as [Job, Job];
      await submit(first, second);
      const reason = new Error("not wanted any more");
      executor.cancel(first.token, reason);
      expect(executor.freeSlots()).toBe(1);
      await nextTurn();
      expect([first.abort.signal.aborted, first.abort.signal.reason]).toEqual([true, reason]);
      expect(second.abort.signal.aborted).toBe(false);
      await executor.stop();
    },
  },
  {
    name: "what a cancelled attempt still comes to is not told",
    async run(subject) {
      const { executor, jobs, told, submit, end } = await opened(subject, 2);
      const [first, second] = jobs as [Job, Job];
      await submit(first, second);
      executor.cancel(first.token, new Error("too late"));
      await end(first, outcomeOf("success"));
      expect([told, executor.freeSlots()]).toEqual([[], 1]);
      await end(second, outcomeOf("success"));
      expect(told.map(({ token }) => token)).toEqual([second.token]);
      await executor.stop();
    },
  },
  {
    name: "cancelling an attempt that has ended, or that it never had, is harmless",
    async run(subject) {
      const { executor, jobs, told, submit, end } = await opened(subject, 2);
      const [first, second] = jobs as [Job, Job];
      await submit(first, second);
      await end(first, outcomeOf("success"));
      executor.cancel(first.token, new Error("again"));
      executor.cancel(123_456_789, new Error("whose?"));
      expect(executor.freeSlots()).toBe(1);
      await nextTurn();
      expect(first.abort.signal.aborted).toBe(false);
      await end(second, outcomeOf("success"));
      expect(told).toHaveLength(2);
      await executor.stop();
    },
  },
  {
    name: "goes on after attempts that were cancelled and never come to an end",
    async run(subject) {
      const { executor, jobs, told, submit, end } = await opened(subject, 1);
      const [first, second] = jobs as [Job, Job];
      await submit(first);
      executor.cancel(first.token, new Error("it hangs"));
      await submit(second);
      await end(second, outcomeOf("success"));
      expect(told.map(({ token }) => token)).toEqual([second.token]);
      await executor.stop();
    },
  },
  {
    name: "stopping aborts what is under way, ends although attempts hang, and nothing is told afterwards",
    async run(subject) {
      const { executor, jobs, told, submit, end } = await opened(subject, 2);
      const [first, second] = jobs as [Job, Job];
      await submit(first, second);
      await executor.stop();
      expect([first.abort.signal.aborted, second.abort.signal.aborted]).toEqual([true, true]);
      await end(first, outcomeOf("success"));
      expect(told).toEqual([]);
    },
  },
];
