import type { Change, FinishTask, StartTask } from "@millrace/core/plugin";

/** A shorter row is as fast one by one. */
const shortest = 3;

/**
 * Where the row of neighbours ends that begins at `first`: changes that are alike but for the numbers of their task
 * instances and their tokens, which both count up by one. A wide run starts and ends its tasks in just such rows, and
 * one statement over a range of keys writes each in a quarter of the time. `first + 1` where there is no row worth it.
 */
export function endOfRow(changes: readonly Change[], first: number): number {
  const head = changes[first];
  if (head.kind !== "startTask" && head.kind !== "finishTask") return first + 1;
  if (head.kind === "finishTask" && !isPlainEnd(head)) return first + 1;
  let place = first + 1;
  for (; place < changes.length; place++) {
    const change = changes[place];
    const offset = place - first;
    if (change.kind !== head.kind || change.at !== head.at || change.attempt !== head.attempt) break;
    if (change.taskInstanceNo !== head.taskInstanceNo + offset || change.token !== head.token + offset) break;
    if (change.kind === "startTask" ? !isSameStart(change, head as StartTask) : !isSameEnd(change, head as FinishTask))
      break;
  }
  return place - first < shortest ? first + 1 : place;
}

/** An end that sets nothing but the state and adds XComs. */
function isPlainEnd({ error, wakeAt, awaits, replacesXComs, deletes }: FinishTask): boolean {
  return error === null && wakeAt === null && awaits === null && !replacesXComs && deletes.length === 0;
}

function isSameEnd(change: FinishTask, head: FinishTask): boolean {
  return change.state === head.state && isPlainEnd(change);
}

function isSameStart({ from }: StartTask, head: StartTask): boolean {
  return from.length === 1 && head.from.length === 1 && from[0] === head.from[0];
}
