import { dag } from "@millrace/core";
import type { Job, JobOutcome } from "../doubles/recording-executor.ts";
import { createTestEngine } from "../engine/test-engine.ts";

/** Real attempts, as an engine hands them out, that nobody makes yet. */
export async function harvestJobs(count: number): Promise<readonly Job[]> {
  const field = dag("field", { maxActiveTasks: count }, (d) => {
    for (let number = 0; number < count; number++) d.task(`t${number}`, () => number);
  });
  const jobs: Job[] = [];
  const test = await createTestEngine({
    dags: [field],
    executor: {
      start: () => undefined,
      submit: (job) => void jobs.push(job),
      cancel: () => undefined,
      freeSlots: () => count - jobs.length,
      stop: async () => undefined,
    },
  });
  await test.engine.trigger(field);
  for (let turn = 0; jobs.length < count && turn < 1_000; turn++) await nextTurn();
  await test.engine.close();
  return jobs;
}

/** An outcome that carries nothing. */
export function outcomeOf(state: JobOutcome["state"], more: Partial<JobOutcome> = {}): JobOutcome {
  const nothing = { error: undefined, isFinal: false, wakeAt: null, awaits: null, xcoms: [], deletes: [] } as const;
  return { ...nothing, ...more, state };
}

/** Lets promises and what they post come to rest. */
export async function nextTurn(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
}
