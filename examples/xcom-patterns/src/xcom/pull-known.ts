import type { TaskContext } from "@millrace/core";
import type { PipelineXComs } from "./pipeline-records.ts";

/** Pulls a key that this pipeline pushes, with the type that it was pushed with; `undefined` where it was not pushed. */
export async function pullKnown<T extends keyof PipelineXComs, K extends keyof PipelineXComs[T] & string>(
  context: Pick<TaskContext, "xcom">,
  task: T,
  key: K,
): Promise<PipelineXComs[T][K] | undefined> {
  return (await context.xcom.pull({ task, key })) as PipelineXComs[T][K] | undefined;
}
