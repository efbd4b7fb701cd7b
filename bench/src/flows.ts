import { type Dag, dag, type TaskHandle } from "@millrace/core";

const unlimited = 1_000_000;
const open = { maxActiveRuns: unlimited, maxActiveTasks: unlimited };

/** Tasks that do nothing but return 1, none after another. */
export function wideDag(id: string, tasks: number): Dag {
  return dag(id, open, (d) => {
    for (let place = 0; place < tasks; place++) d.task(`task_${place}`, () => 1);
  });
}

/** Tasks one after the other. */
export function chainDag(id: string, tasks: number, work: () => number): Dag {
  return dag(id, open, (d) => {
    d.chain(...Array.from({ length: tasks }, (_, place) => d.task(`task_${place}`, work)));
  });
}

/** One task, many after it, and one after all of these. */
export function fanOutDag(id: string, width: number): Dag {
  return dag(id, open, (d) => {
    const first = d.task("first", () => 1);
    const middle: TaskHandle<number>[] = [];
    for (let place = 0; place < width; place++) middle.push(d.task(`task_${place}`, () => 1));
    d.chain(
      first,
      middle,
      d.task("join", () => 1),
    );
  });
}

/** The work of the published comparisons: recursive and slow on purpose. */
export function fib(n: number): number {
  return n < 2 ? n : fib(n - 1) + fib(n - 2);
}
